import { describe, expect, it } from 'vitest';
import { ratesBetween, RtpMeter, type RtpSample } from './rtp-sample.ts';

const sample = (change: Partial<RtpSample>): RtpSample => ({
  streamId: '1',
  atMs: 0,
  bytes: 0,
  packets: 0,
  packetsLost: 0,
  ...change,
});

describe('rates of an RTP stream', () => {
  it('are the differences of two samples divided by their interval', () => {
    const rates = ratesBetween(
      sample({ bytes: 1000, packets: 10 }),
      sample({ atMs: 2000, bytes: 26_000, packets: 100, packetsLost: 10 }),
    );
    expect(rates).toMatchObject({ bitrateBps: 100_000, packetsPerSecond: 45, lossRatio: 0.1 });
  });

  it('have no negative loss when duplicates decrease the total', () => {
    const rates = ratesBetween(
      sample({ packets: 10, packetsLost: 5 }),
      sample({ atMs: 1000, packets: 20, packetsLost: 3 }),
    );
    expect(rates.lossRatio).toBe(0);
  });

  it('are zero after a reset of the counters', () => {
    expect(ratesBetween(sample({ bytes: 9000 }), sample({ atMs: 1000, bytes: 10 })).bitrateBps).toBe(0);
  });

  it('stay the same when they are read twice within an instant', () => {
    const meter = new RtpMeter();
    meter.measure([sample({})]);
    const [first] = meter.measure([sample({ atMs: 1000, bytes: 1000 })]);
    const [second] = meter.measure([sample({ atMs: 1010, bytes: 1000 })]);
    expect(second).toEqual(first);
    expect(first?.bitrateBps).toBe(8000);
  });
});
