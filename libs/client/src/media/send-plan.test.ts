import { describe, expect, it } from 'vitest';
import { planSend } from './send-plan.ts';

const scales = (width: number, height: number): (number | undefined)[] =>
  planSend({ source: 'camera', width, height }).encodings.map(
    ({ scaleResolutionDownBy }) => scaleResolutionDownBy,
  );

describe('planSend', () => {
  it('sends a camera in the sizes that browsers support, each twice the one below', () => {
    expect(scales(1280, 720)).toEqual([4, 2, 1]);
    expect(scales(960, 540)).toEqual([4, 2, 1]);
    expect(scales(640, 360)).toEqual([2, 1]);
    expect(scales(720, 1280)).toEqual([4, 2, 1]);
    expect(scales(320, 180)).toEqual([1]);
  });

  it('gives larger pictures more bits, but fewer for each pixel', () => {
    const bitrates = planSend({ source: 'camera', width: 1280, height: 720 }).encodings.map(
      ({ maxBitrate }) => maxBitrate,
    );
    expect(bitrates).toEqual([212500, 601041, 1700000]);
  });

  it('sends a screen in two layers with the content hint detail', () => {
    const plan = planSend({ source: 'screen', width: 1920, height: 1080 });
    expect(plan).toMatchObject({ mimeType: 'video/vp8', contentHint: 'detail' });
    expect(plan.encodings).toEqual([
      { maxBitrate: 400_000, maxFramerate: 5, scaleResolutionDownBy: 2, scalabilityMode: 'L1T3' },
      { maxBitrate: 2_500_000, scaleResolutionDownBy: 1, scalabilityMode: 'L1T3' },
    ]);
  });

  it('sends a window in the layers that browsers support for its size', () => {
    const layersOf = (width: number, height: number): number =>
      planSend({ source: 'screen', width, height }).encodings.length;
    expect([layersOf(640, 480), layersOf(320, 200)]).toEqual([2, 1]);
    const plain = planSend({ source: 'screen', width: 1920, height: 1080, simulcast: false });
    expect(plain.encodings).toEqual([{ maxBitrate: 2_500_000, scaleResolutionDownBy: 1 }]);
    const inside = planSend({ source: 'screen', codec: 'vp9', width: 1920, height: 1080 });
    expect(inside.encodings).toEqual([{ maxBitrate: 2_500_000, scalabilityMode: 'L1T3' }]);
  });

  it('fits speech, screen audio and the lower layer of a screen into 1 Mbit/s', () => {
    const { encodings } = planSend({ source: 'screen', width: 1920, height: 1080 });
    const sound = [planSend({ source: 'microphone' }), planSend({ source: 'screen-audio' })];
    const bps = [encodings, ...sound.map((one) => one.encodings)].map(([lowest]) => lowest?.maxBitrate ?? 0);
    expect(bps.reduce((sum, one) => sum + one, 0)).toBeLessThan(700_000);
  });

  it('uses layers inside one stream where the codec has them', () => {
    const plan = planSend({ source: 'camera', codec: 'vp9', width: 1280, height: 720 });
    expect(plan.encodings).toEqual([{ maxBitrate: 1_700_000, scalabilityMode: 'L3T3_KEY' }]);
  });

  it('sends speech in mono and screen audio in stereo', () => {
    expect(planSend({ source: 'microphone' })).toMatchObject({ mimeType: 'audio/opus', stereo: false });
    expect(planSend({ source: 'screen-audio' })).toMatchObject({ mimeType: 'audio/opus', stereo: true });
  });
});
