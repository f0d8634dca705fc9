import { describe, expect, it } from 'vitest';
import { fitEncodings, haveSameLayers, isSamePlan } from './encoding-fit.ts';
import { planSend, type SendPlan, type VideoCodec } from '../media/send-plan.ts';

const plan = (width: number, height: number, codec?: VideoCodec): SendPlan =>
  planSend({ source: 'camera', width, height, codec });
const settings = (sent: SendPlan, wanted: SendPlan): unknown[] =>
  fitEncodings(sent, wanted).map(({ active = true, scaleResolutionDownBy }) =>
    active ? scaleResolutionDownBy : 'off',
  );

describe('fitEncodings', () => {
  it('uses the bitrates of a plan with the same number of layers', () => {
    const [sent, wanted] = [plan(960, 540), plan(1920, 1080)];
    expect(haveSameLayers(sent, wanted)).toBe(true);
    expect(fitEncodings(sent, wanted)).toEqual(wanted.encodings);
  });

  it('sends the full picture of a smaller capture in the best stream only', () => {
    expect(settings(plan(1280, 720), plan(320, 240))).toEqual(['off', 'off', 1]);
    expect(settings(plan(1280, 720), plan(480, 270))).toEqual(['off', 'off', 1]);
    expect(fitEncodings(plan(1280, 720), plan(320, 240)).at(-1)?.maxBitrate).toBe(
      plan(320, 240).encodings[0]?.maxBitrate,
    );
  });

  it('sends a larger capture in its best layers', () => {
    expect(settings(plan(480, 270), plan(1280, 720))).toEqual([2, 1]);
    expect(settings(plan(320, 240), plan(1280, 720))).toEqual([1]);
    // One VP8 stream has no scalability mode, and can be given none.
    expect(fitEncodings(plan(320, 240), plan(1280, 720))).toEqual([
      { maxBitrate: 1_700_000, scaleResolutionDownBy: 1 },
    ]);
  });

  it('keeps the layers inside a stream and uses the bitrate', () => {
    const [sent, wanted] = [plan(1280, 720, 'vp9'), plan(320, 240, 'vp9')];
    expect(haveSameLayers(sent, wanted)).toBe(false);
    expect(fitEncodings(sent, wanted)).toEqual([
      { maxBitrate: wanted.encodings[0]?.maxBitrate, scalabilityMode: 'L3T3_KEY' },
    ]);
  });

  it('keeps the frame rate of each layer', () => {
    const screen = (width: number, height: number): SendPlan => planSend({ source: 'screen', width, height });
    const sent = screen(1920, 1080);
    expect(fitEncodings(sent, screen(640, 480))).toEqual(sent.encodings);
    expect(fitEncodings(sent, screen(320, 200)).map(({ active = true }) => active)).toEqual([false, true]);
    const slower = { ...sent, encodings: sent.encodings.map((one) => ({ ...one, maxFramerate: 1 })) };
    expect(isSamePlan(sent, slower)).toBe(false);
  });

  it('stays the same when a picture is rotated', () => {
    expect(isSamePlan(plan(640, 480), plan(480, 640))).toBe(true);
    expect(isSamePlan(plan(640, 480), plan(320, 240))).toBe(false);
  });
});
