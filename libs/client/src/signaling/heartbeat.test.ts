import { FakeClock } from '@skein/runtime/testing';
import { describe, expect, it } from 'vitest';
import { FakeGateway } from '../testing/fake-gateway.ts';
import { SignalingConnection } from './connection.ts';
import { Heartbeat } from './heartbeat.ts';
import { RoundTrip } from './link-times.ts';

/** A heartbeat over a link whose welcome took `untilWelcomeMs`. The test decides whether its pings are answered. */
class Fixture {
  readonly gateway = new FakeGateway();
  readonly clock = new FakeClock();
  readonly connection = new SignalingConnection('wss://gateway.test', this.gateway.openSocket, this.clock);
  deadAtMs: number | undefined;

  constructor(untilWelcomeMs: number) {
    this.gateway.accept();
    const roundTrip = new RoundTrip(untilWelcomeMs);
    const startMs = this.clock.monotonicMs();
    const dead = (): void => void (this.deadAtMs ??= this.clock.monotonicMs() - startMs);
    // Lives as long as its clock.
    const { clock, connection } = this;
    void new Heartbeat({ clock, connection, roundTrip, dead }, { intervalMs: 2000 });
  }

  async pass(ms: number): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += 100) await this.clock.advance(100);
  }

  /** Lets `ms` pass in which each ping is answered `roundTripMs` after it was sent. */
  async passAnswering(ms: number, roundTripMs: number): Promise<void> {
    this.gateway.answers.set('ping', () => undefined);
    const seen = this.gateway.requests.length;
    let answered = seen;
    const dueMs: number[] = [];
    for (let passedMs = 0; passedMs < ms; passedMs += 100) {
      await this.clock.advance(100);
      while (this.gateway.requests.length > seen + dueMs.length) dueMs.push(passedMs + roundTripMs);
      while (answered < this.gateway.requests.length && (dueMs[answered - seen] ?? Infinity) <= passedMs)
        this.gateway.answer(this.gateway.requests[answered++]!.id, {});
    }
  }
}

describe('heartbeat', () => {
  it('reports a silent gateway 2 s after a ping on a fast link', async () => {
    const fixture = new Fixture(60);
    await fixture.pass(10_000);
    expect(fixture.deadAtMs).toBe(4000);
  });

  it('reports a silent gateway after four round trips on a slow link', async () => {
    const fixture = new Fixture(3600);
    await fixture.pass(10_000);
    expect(fixture.deadAtMs).toBe(6800);
  });

  it('reports sooner once pings have measured a fast link', async () => {
    const fixture = new Fixture(3600);
    await fixture.passAnswering(4500, 100);
    await fixture.pass(10_000);
    expect(fixture.deadAtMs).toBe(8000);
  });

  it('tolerates a burst of 2.5 s on a link with a round trip of 1.2 s', async () => {
    const fixture = new Fixture(4800);
    await fixture.passAnswering(10_000, 1200);
    // The ping of this moment and its answer wait for the end of the burst.
    await fixture.passAnswering(5000, 3700);
    expect(fixture.deadAtMs).toBeUndefined();
  });
});
