import { describe, expect, it } from 'vitest';
import { planSend } from './send-plan.ts';

const scales = (width: number, height: number): (number | undefined)[] =>
  planSend({ source: 'camera', width, height }).encodings.map(
    ({ scaleResolutionDownBy }) => scaleResolutionDownBy,
  );

describe('how a track is to be encoded', () => {
  it('sends a camera in as many sizes as browsers do for its picture, each twice the one below', () => {
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

  it('sends a screen once, in full, and asks for detail', () => {
    const plan = planSend({ source: 'screen', width: 2560, height: 1440 });
    expect(plan).toMatchObject({ mimeType: 'video/vp8', contentHint: 'detail' });
    expect(plan.encodings).toHaveLength(1);
  });

  it('uses layers inside of one stream where the codec has them', () => {
    const plan = planSend({ source: 'camera', codec: 'vp9', width: 1280, height: 720 });
    expect(plan.encodings).toEqual([{ maxBitrate: 1_700_000, scalabilityMode: 'L3T3_KEY' }]);
  });

  it('sends speech in mono and the sound of a screen in stereo', () => {
    expect(planSend({ source: 'microphone' })).toMatchObject({ mimeType: 'audio/opus', stereo: false });
    expect(planSend({ source: 'screen-audio' })).toMatchObject({ mimeType: 'audio/opus', stereo: true });
  });
});
