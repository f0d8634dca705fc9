import { seededRandom } from '@skein/runtime';
import { FakeClock } from '@skein/runtime/testing';
import { silentLogger } from '@skein/telemetry';
import { describe, expect, it } from 'vitest';
import type { WorkerPool } from '../workers/worker-pool.ts';
import { LoadMeter, SAMPLE_EVERY_MS } from './load-meter.ts';
import type { Flow } from './packet-rate.ts';

/** The promise to placement: the load figure is at most so old. */
const OLDEST_MS = 3000;

interface Track {
  perSecond: number;
  muted: boolean;
  readonly kind: 'audio' | 'video';
  readonly type: 'simple' | 'simulcast';
  /** Of the source's packets, that a sink of it gets. */
  readonly share: number;
  readonly sinks: number;
}

/** A node that forwards tracks at rates that the test changes; it counts how often it is asked. */
class FakeNode {
  readonly clock = new FakeClock();
  readonly tracks: Track[];
  readonly meter: LoadMeter;
  asked = 0;

  constructor(tracks: Track[]) {
    this.tracks = tracks;
    const flows = tracks.map((track) => this.#flow(track));
    const pool = { slots: [], uses: [] } as unknown as WorkerPool;
    const limits = { packetsPerSecond: 100_000 };
    const shared = { clock: this.clock, log: silentLogger, limits, sessions: () => 0, limitsUsed: () => 0 };
    this.meter = new LoadMeter({ ...shared, pool, flows: () => flows });
  }

  get truth(): number {
    const ofTrack = ({ perSecond, muted, sinks, share }: Track): number =>
      muted ? perSecond : perSecond * (1 + sinks * share);
    return this.tracks.reduce((sum, track) => sum + ofTrack(track), 0);
  }

  async seconds(count: number): Promise<void> {
    for (let second = 0; second < count; second++) {
      await this.clock.advance(SAMPLE_EVERY_MS);
      await this.meter.sample();
    }
  }

  #flow(track: Track): Flow {
    const counter = (rate: () => number) => {
      const state = { count: 0, atMs: this.clock.monotonicMs() };
      return async () => {
        this.asked++;
        this.#settle(state, rate());
        return state.count;
      };
    };
    const source = {
      kind: track.kind,
      get muted() {
        return track.muted;
      },
      layers: { spatial: track.type === 'simulcast' ? 3 : 1, temporal: 1 },
      packets: counter(() => track.perSecond),
    };
    const sinks = Array.from({ length: track.sinks }, () => ({
      ...{ type: track.type, paused: false },
      packets: counter(() => track.perSecond * track.share),
    }));
    return { source, sinks };
  }

  #settle(state: { count: number; atMs: number }, perSecond: number): void {
    const nowMs = this.clock.monotonicMs();
    state.count += (perSecond * (nowMs - state.atMs)) / 1000;
    state.atMs = nowMs;
  }
}

function tracks(count: number, sinks: number, more: Partial<Track> = {}): Track[] {
  const shared = { perSecond: 50, muted: false, kind: 'audio', type: 'simple', share: 1 } as const;
  return Array.from({ length: count }, () => ({ ...shared, sinks, ...more }));
}

const shapes: readonly [string, () => Track[]][] = [
  ['a webinar: 1 speaker, 3000 viewers', () => tracks(1, 3000)],
  ['30 rooms: 300 tracks with 10 receivers each', () => tracks(300, 10)],
  ['1500 calls of two: 3000 tracks with one receiver each', () => tracks(3000, 1)],
  [
    'cameras in three layers, of which a receiver gets a fifth of the packets',
    () => tracks(100, 30, { kind: 'video', type: 'simulcast', perSecond: 200, share: 0.2 }),
  ],
];

describe('the packet rate of a node with 3000 sinks', () => {
  it.each(shapes)('the packet rate follows a stop and a start within 3 s: %s', async (_, make) => {
    const node = new FakeNode(make());
    await node.seconds(6);
    const before = node.truth;
    expect(node.meter.load.packetsPerSecond / before).toBeCloseTo(1, 1);
    for (const track of node.tracks) track.perSecond = 0;
    await node.seconds(OLDEST_MS / 1000);
    expect(node.meter.load.packetsPerSecond).toBeLessThan(0.02 * before);
    for (const track of node.tracks) track.perSecond = 100;
    await node.seconds(OLDEST_MS / 1000);
    expect(node.meter.load.packetsPerSecond / node.truth).toBeGreaterThan(0.85);
    expect(node.meter.load.packetsPerSecond / node.truth).toBeLessThan(1.15);
  });

  it('the packet rate reflects a mute and a pause at once', async () => {
    const node = new FakeNode(tracks(30, 100));
    await node.seconds(3);
    for (const track of node.tracks) Object.assign(track, { muted: true });
    await node.seconds(1);
    expect(node.meter.load.packetsPerSecond).toBeCloseTo(30 * 50, -2);
  });

  it.each(shapes)('the packet rate costs at most 232 requests to workers per second: %s', async (_, make) => {
    const node = new FakeNode(make());
    await node.seconds(3);
    node.asked = 0;
    await node.seconds(4);
    expect(node.asked / 4).toBeLessThanOrEqual(232);
  });

  it('the packet rate of unequal tracks is within a fifth when only some can be read', async () => {
    const random = seededRandom(7);
    const node = new FakeNode(tracks(3000, 1));
    for (const track of node.tracks) track.perSecond = random() < 0.2 ? 200 : 20;
    await node.seconds(6);
    for (let second = 0; second < 10; second++) {
      await node.seconds(1);
      expect(node.meter.load.packetsPerSecond / node.truth).toBeGreaterThan(0.8);
      expect(node.meter.load.packetsPerSecond / node.truth).toBeLessThan(1.2);
    }
  });
});
