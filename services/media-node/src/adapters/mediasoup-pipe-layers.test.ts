import { systemClock } from '@skein/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MediaSource, MediaWorker, PipedMedia, PipeEndpoint } from '../media/engine.ts';
import { videoParameters } from '../testing/rtp-parameters.ts';
import { directEngine } from '../testing/adapters/direct-engine.ts';

const engine = directEngine();
const EVERY_MS = 20;
/** What the worker's bitrates are averaged over. */
const RATES_MS = 2700;
let worker: MediaWorker;
let ssrcs = 100;

beforeAll(async () => {
  worker = await engine.startWorker({ listen: [{ ip: '127.0.0.1', announced: [] }], rtcPort: 0 });
});
afterAll(() => worker.close());

interface Piped {
  readonly ssrcs: readonly number[];
  readonly near: PipeEndpoint;
  readonly piped: PipedMedia;
  readonly far: MediaSource;
  /** Sends for so long, `temporal` layers in turn. */
  readonly feed: (ms: number) => Promise<void>;
}

/** A video that crosses a pipe between two routers of the worker. */
async function piped(streams: number, temporal: number): Promise<Piped> {
  const [one, two] = await Promise.all([worker.createRouter(), worker.createRouter()]);
  const options = { listen: { ip: '127.0.0.1' }, secure: true };
  const [near, far] = await Promise.all([one.createPipeEnd(options), two.createPipeEnd(options)]);
  await Promise.all([near.connect(far.address), far.connect(near.address)]);
  const own = Array.from({ length: streams }, () => ++ssrcs);
  const publisher = await one.createClientTransport('send');
  const rtpParameters = videoParameters({ ssrcs: own, scalabilityMode: `L1T${temporal}` });
  const source = await publisher.receive({ kind: 'video', rtpParameters, muted: false });
  const sent = await near.send(source);
  const received = await far.receive({ kind: 'video', rtpParameters: sent.rtpParameters, muted: false });
  let count = 0;
  const feed = async (ms: number): Promise<void> => {
    for (const untilMs = systemClock.monotonicMs() + ms; systemClock.monotonicMs() < untilMs;) {
      for (const ssrc of own) engine.inject(ssrc, picture(count, count % temporal));
      count++;
      await systemClock.sleep(EVERY_MS);
    }
  };
  return { ssrcs: own, near, piped: sent, far: received, feed };
}

/** RFC 7741: a picture in one packet, with picture id and temporal layer; always a key frame. */
function picture(count: number, temporal: number): Parameters<typeof engine.inject>[1] {
  const payload = Buffer.alloc(500);
  payload.set(
    [0x90, 0xe0, 0x80 | ((count >> 8) & 0x7f), count & 0xff, count & 0xff, (temporal << 6) | 0x20],
    0,
  );
  return { payloadType: 96, sequenceNumber: count & 0xffff, timestamp: 90 * EVERY_MS * count, payload };
}

describe('a track in a pipe', () => {
  it('a pipe sends no stream above its layer; a restored stream requests a key frame', async () => {
    const { ssrcs: own, piped: sent, far, feed } = await piped(3, 1);
    await feed(1300);
    const [low = 0, mid = 0, high = 0] = (await far.bitrates()).map(([bps]) => bps ?? 0);
    expect([low > 0, mid > 1.5 * low, high > 1.2 * mid]).toEqual([true, true, true]);
    expect(await sent.setLayers({ spatialLayer: 1, temporalLayer: 0 })).toBe(true);
    await feed(RATES_MS);
    const [, twoOf = 0, threeOf = 0] = (await far.bitrates()).map(([bps]) => bps ?? 0);
    expect([twoOf > 0, threeOf]).toEqual([true, twoOf]);
    const asked = own.map((ssrc) => engine.keyFrameRequests(ssrc));
    await sent.setLayers({ spatialLayer: 2, temporalLayer: 0 });
    await feed(RATES_MS);
    const [, two = 0, three = 0] = (await far.bitrates()).map(([bps]) => bps ?? 0);
    expect(three).toBeGreaterThan(1.2 * two);
    expect(own.map((ssrc, layer) => engine.keyFrameRequests(ssrc) - (asked[layer] ?? 0))).toEqual([0, 0, 1]);
  });

  it('held-back temporal layers leave no gap in the sequence numbers', async () => {
    const { near, piped: sent, far, feed } = await piped(2, 2);
    await feed(1300);
    const before = await far.packets();
    await feed(1000);
    const all = (await far.packets()) - before;
    expect(await sent.setLayers({ spatialLayer: 1, temporalLayer: 0 })).toBe(true);
    const between = await far.packets();
    await feed(1000);
    expect((await far.packets()) - between).toBeLessThan(0.7 * all);
    expect((await near.counters()).missedBytes).toBe(0);
    await sent.setLayers({ spatialLayer: 1, temporalLayer: 1 });
    const after = await far.packets();
    await feed(1000);
    expect((await far.packets()) - after).toBeGreaterThan(0.8 * all);
  });
});
