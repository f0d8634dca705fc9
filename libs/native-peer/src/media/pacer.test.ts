import { FakeClock } from '@skein/runtime/testing';
import { expect, it } from 'vitest';
import { Pacer, type Paced } from './pacer.ts';

class Every implements Paced {
  dueMs: number;
  readonly everyMs: number;
  readonly atMs: number[] = [];

  constructor(startMs: number, everyMs: number) {
    this.dueMs = startMs;
    this.everyMs = everyMs;
  }

  due(nowMs: number): void {
    this.atMs.push(nowMs);
    this.dueMs += this.everyMs;
  }
}

function setUp() {
  const clock = new FakeClock();
  return { clock, pacer: new Pacer(clock), nowMs: clock.monotonicMs() };
}

it('does each thing in its own rhythm, never early, at most a tick late', async () => {
  const { clock, pacer, nowMs } = setUp();
  const [fast, slow] = [new Every(nowMs + 3, 20), new Every(nowMs, 1000)];
  pacer.add(fast);
  pacer.add(slow);
  await clock.advance(2000);
  expect(fast.atMs).toHaveLength(100);
  fast.atMs.forEach((atMs, index) => {
    expect(atMs - nowMs - 3 - index * 20).toBeGreaterThanOrEqual(0);
    expect(atMs - nowMs - 3 - index * 20).toBeLessThanOrEqual(5);
  });
  expect(slow.atMs).toHaveLength(3);
});

class StalledClock extends FakeClock {
  stalledMs = 0;

  override monotonicMs(): number {
    return super.monotonicMs() + this.stalledMs;
  }
}

it('catches up with what a stall held back, but not with seconds of it', () => {
  const clock = new StalledClock();
  using pacer = new Pacer(clock);
  const one = new Every(clock.monotonicMs() + 20, 20);
  pacer.add(one);
  clock.stalledMs = 200;
  pacer.run();
  expect(one.atMs).toHaveLength(10);
  clock.stalledMs += 5000;
  pacer.run();
  expect(one.atMs).toHaveLength(11);
});

it('leaves alone what was taken out, also in the middle of its turn', async () => {
  const { clock, pacer, nowMs } = setUp();
  const kept = new Every(nowMs, 20);
  const gone = new (class extends Every {
    override due(atMs: number): void {
      super.due(atMs);
      pacer.remove(this);
    }
  })(nowMs, 20);
  pacer.add(kept);
  pacer.add(gone);
  await clock.advance(1000);
  expect(gone.atMs).toHaveLength(1);
  expect(kept.atMs.length).toBeGreaterThan(45);
  expect(pacer.size).toBe(1);
});
