import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ladderOf, rungsWithout, type Ladder, type TrackCost } from './ladder.ts';
import { limitedTo, newLink, stepLink, type LinkPhase, type LinkState } from './link.ts';

const SOUND_BPS = 60_000;
const STEP_MS = 10;

/** A link of a certain width and the pipe in it, in virtual time. Retransmissions are bounded as the worker bounds them. */
class Simulated {
  nowMs = 0;
  capacityBps = Infinity;
  /** Lost however wide the link is. */
  randomLoss = 0;
  queueMs = 0;
  readonly phases: LinkPhase['kind'][] = [];
  readonly offered: { atMs: number; bps: number }[] = [];
  readonly ladder: Ladder<number>;
  readonly #queueLimitMs: number;
  readonly #baseBps: number;
  #state: LinkState | undefined;
  #sentBytes = 0;
  #missedBytes = 0;
  #missedSoon: { atMs: number; bytes: number }[] = [];
  #lookAtMs = 0;
  #rttMs = 20;
  #lossNow = 0;

  constructor(tracks: readonly TrackCost<number>[], queueLimitMs = 100) {
    this.ladder = ladderOf(tracks);
    this.#queueLimitMs = queueLimitMs;
    this.#baseBps = SOUND_BPS + tracks.reduce((sum, { costsBps }) => sum + (costsBps[0]?.[0] ?? 0), 0);
  }

  get phase(): LinkPhase {
    return this.#state?.phase ?? { kind: 'clear', sinceMs: 0, holdMs: 0 };
  }

  get fullBps(): number {
    return this.#bps(this.ladder.rungs.length);
  }

  run(ms: number): void {
    for (const untilMs = this.nowMs + ms; this.nowMs < untilMs; this.nowMs += STEP_MS) this.#step();
  }

  #granted(): number {
    return this.phase.kind === 'clear' ? this.ladder.rungs.length : this.phase.rungs;
  }

  #bps(granted: number): number {
    return this.ladder.rungs.slice(0, granted).reduce((sum, { extraBps }) => sum + extraBps, this.#baseBps);
  }

  #step(): void {
    const media = this.#bps(this.#granted());
    const offered = media * (1 + Math.min(0.25, this.#lossNow));
    this.offered.push({ atMs: this.nowMs, bps: media });
    this.queueMs = Math.max(0, this.queueMs + STEP_MS * (offered / this.capacityBps - 1));
    const full = this.queueMs > this.#queueLimitMs;
    this.queueMs = Math.min(this.queueMs, this.#queueLimitMs);
    this.#lossNow = Math.max(this.randomLoss, full ? 1 - this.capacityBps / offered : 0);
    this.#sentBytes += (offered / 8) * (STEP_MS / 1000);
    this.#missedSoon.push({ atMs: this.nowMs + 60, bytes: (media / 8) * (STEP_MS / 1000) * this.#lossNow });
    for (const { atMs, bytes } of this.#missedSoon) if (atMs <= this.nowMs) this.#missedBytes += bytes;
    this.#missedSoon = this.#missedSoon.filter(({ atMs }) => atMs > this.nowMs);
    if (this.nowMs % 1000 === 0) this.#rttMs = 20 + this.queueMs;
    if (this.nowMs >= this.#lookAtMs) this.#look();
  }

  #look(): void {
    const sample = {
      atMs: this.nowMs,
      sentBytes: this.#sentBytes,
      missedBytes: this.#missedBytes,
      rttMs: this.#rttMs + this.nowMs * 1e-9,
    };
    this.#state ??= newLink({ ...sample, atMs: this.nowMs - 1 });
    const granted = this.#granted();
    const { state, change, nextInMs } = stepLink(this.#state, sample, this.ladder.rungs.length);
    this.#state =
      change && 'excessBps' in change && this.ladder.rungs.length > 0
        ? limitedTo(state, rungsWithout(this.ladder, granted, change.excessBps))
        : state;
    this.phases.push(this.#state.phase.kind);
    this.#lookAtMs = this.nowMs + nextInMs;
  }
}

const camera = (key: number, scale = 1): TrackCost<number> => ({
  key,
  screen: false,
  costsBps: [[100_000 * scale], [400_000 * scale], [1_200_000 * scale]],
});

const cameras = fc
  .array(fc.double({ min: 0.3, max: 3, noNaN: true }), { minLength: 1, maxLength: 12 })
  .map((scales) => scales.map((scale, key) => camera(key, scale)));

describe('a pipe that watches its link', () => {
  it.each([0.5, 0.7])(
    'a link with %f of its need gives way within 1.5 s, and has all layers back after 10 s',
    (share) => {
      const link = new Simulated([camera(0), camera(1)]);
      link.run(5000);
      expect(link.phase.kind).toBe('clear');
      link.capacityBps = share * link.fullBps;
      link.run(1500);
      expect(link.phase.kind).not.toBe('clear');
      expect(link.offered.at(-1)?.bps).toBeLessThanOrEqual(link.capacityBps);
      link.run(8500);
      link.capacityBps = Infinity;
      link.run(10_000);
      expect(link.phase.kind).toBe('clear');
    },
  );

  it('any link at any width gives way, mostly fits, and has all layers back 10 s later', () => {
    fc.assert(
      fc.property(
        cameras,
        fc.double({ min: 0.3, max: 0.85, noNaN: true }),
        fc.integer({ min: 5000, max: 20_000 }),
        (tracks, share, faultMs) => {
          const link = new Simulated(tracks);
          link.run(3000);
          link.capacityBps = share * link.fullBps;
          link.run(2500);
          const since = link.nowMs;
          link.run(faultMs);
          const during = link.offered.filter(({ atMs }) => atMs >= since);
          // Up to a tenth of loss is left to retransmission.
          const fits = during.filter(({ bps }) => bps * 0.88 <= link.capacityBps).length;
          expect(fits / during.length).toBeGreaterThan(0.6);
          link.capacityBps = Infinity;
          link.run(10_000);
          expect(link.phase.kind).toBe('clear');
        },
      ),
      { numRuns: 60 },
    );
  });

  it('a line that loses a few packets at any rate keeps all of its layers', () => {
    fc.assert(
      fc.property(cameras, fc.double({ min: 0, max: 0.08, noNaN: true }), (tracks, loss) => {
        const link = new Simulated(tracks);
        link.randomLoss = loss;
        link.run(30_000);
        expect(new Set(link.phases)).toEqual(new Set(['clear']));
      }),
      { numRuns: 20 },
    );
  });

  it('a link with a deep queue gives way before anything is lost', () => {
    const link = new Simulated([camera(0), camera(1)], 3000);
    link.run(3000);
    link.capacityBps = 0.7 * link.fullBps;
    link.run(5000);
    expect(link.phase.kind).not.toBe('clear');
    expect(link.queueMs).toBeLessThan(3000);
  });

  it('a failed probe is repeated less often, and at least every 5 s', () => {
    const link = new Simulated([camera(0), camera(1)]);
    link.run(3000);
    link.capacityBps = 0.5 * link.fullBps;
    link.run(60_000);
    const over = link.offered.filter(({ atMs, bps }) => atMs > 20_000 && bps > link.capacityBps);
    expect(over.length * STEP_MS).toBeLessThan(0.25 * 43_000);
    const probes = link.phases.filter(
      (kind, at) => kind === 'probing' && link.phases[at - 1] !== 'probing',
    ).length;
    expect(probes).toBeGreaterThan(8);
  });

  it('a pipe without layers never gives way, however much is lost', () => {
    const link = new Simulated([{ key: 0, screen: false, costsBps: [[800_000]] }]);
    link.capacityBps = 100_000;
    link.run(10_000);
    expect(link.phase.kind).toBe('clear');
  });

  it('falling counters, as when a track leaves, are no evidence', () => {
    const first = newLink({ atMs: 0, sentBytes: 1_000_000, missedBytes: 500_000, rttMs: 5 });
    const { state, change } = stepLink(
      first,
      { atMs: 500, sentBytes: 900_000, missedBytes: 10, rttMs: 5 },
      4,
    );
    expect(change).toBeUndefined();
    expect(state.suspicious).toBe(false);
  });
});
