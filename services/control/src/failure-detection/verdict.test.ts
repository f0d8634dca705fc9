import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  defaultDetection as policy,
  judge,
  type Asking,
  type Evidence,
  type ProbeAnswer,
  type Testimony,
} from './verdict.ts';

const now = 1_000_000;
const heardMs = now - 1100;

function asked(bus: ProbeAnswer, rpc: ProbeAnswer, agoMs = 50): Asking {
  return { beganMs: now - agoMs, endedMs: now - agoMs + 40, bus, rpc };
}

function said(heard: Testimony['heard'], agoMs = 60): Testimony {
  return { beganMs: now - agoMs, heard };
}

/** All that it takes, but for what is given. */
function evidence(given: Partial<Evidence> = {}): Evidence {
  return {
    connectionLost: false,
    storeSteadySinceMs: now - 60_000,
    busSteadySinceMs: now - 60_000,
    lease: { held: false, atMs: now - 10 },
    askings: [asked('refused', 'refused')],
    testimony: { beganMs: now - 60, heard: 'silent' },
    ...given,
  };
}

test('a node is dead when it is not heard, has no lease, and everything says that nobody is there', () => {
  expect(judge(heardMs, evidence(), now)).toEqual({
    state: 'dead',
    reason: 'not heard for 1100 ms, lease run out, bus refused, gRPC refused, other nodes: silent',
    crashed: false,
  });
});

test('a node that hangs is dead when it has been asked twice', () => {
  const twice = [asked('silent', 'silent', 600), asked('silent', 'silent', 300)];
  expect(judge(heardMs, evidence({ askings: twice }), now)).toMatchObject({ state: 'dead' });
  const mixed = [asked('refused', 'silent', 600), asked('silent', 'refused', 300)];
  expect(judge(heardMs, evidence({ askings: mixed }), now)).toMatchObject({ state: 'dead' });
});

test('a node that no other node has a pipe to is dead without their word', () => {
  expect(judge(heardMs, evidence({ testimony: said('nobodyAsked') }), now)).toMatchObject({ state: 'dead' });
});

test('a node that only other nodes hear is dead when it has been out of reach for long', () => {
  const given = evidence({ testimony: said('media') });
  const { heardByOthersForMs } = policy;
  expect(judge(now - heardByOthersForMs + 1, given, now)).toEqual({
    state: 'suspect',
    doubt: 'heardByOthers',
  });
  expect(judge(now - heardByOthersForMs, given, now)).toMatchObject({
    state: 'dead',
    reason: expect.stringContaining('other nodes: media') as string,
  });
});

test('a node that was heard lately is alive, whatever else is known', () => {
  expect(judge(now - 599, evidence(), now)).toEqual({ state: 'alive' });
});

describe('a node whose connection was lost', () => {
  const heardJustNow = now - 250;
  const refusedTwice = [asked('refused', 'refused', 200), asked('refused', 'refused', 150)];
  const crash = { connectionLost: true, askings: refusedTwice, testimony: said('silent', 200) };

  test('is dead when bus and gRPC refuse twice, although its lease is held', () => {
    const held = { held: true, atMs: now - 10 };
    expect(judge(heardJustNow, evidence({ ...crash, lease: held }), now)).toEqual({
      state: 'dead',
      reason: 'not heard for 250 ms, process ended, bus refused, gRPC refused, other nodes: silent',
      crashed: true,
    });
  });

  test.each<[string, Partial<Evidence>, string]>([
    ['before it is probed', { askings: [] }, 'notAsked'],
    ['when it refused once', { askings: refusedTwice.slice(1) }, 'heardLately'],
    [
      'when it refused twice in one moment',
      { askings: [asked('refused', 'refused', 159), asked('refused', 'refused', 110)] },
      'heardLately',
    ],
    [
      'when it hangs',
      { askings: [asked('silent', 'refused', 200), asked('refused', 'refused')] },
      'heardLately',
    ],
    ['when it answers again', { askings: [asked('refused', 'answered')] }, 'answers'],
    ['when other nodes receive its packets', { testimony: said('media', 200) }, 'heardByOthers'],
    ['when the bus has just come back', { busSteadySinceMs: now - 2000 }, 'busUnsteady'],
  ])('is only suspect %s', (_, given, doubt) => {
    expect(judge(heardJustNow, evidence({ ...crash, ...given }), now)).toEqual({ state: 'suspect', doubt });
  });
});

describe('a node is only suspect', () => {
  test.each<[string, Partial<Evidence>, string]>([
    ['while its lease is held', { lease: { held: true, atMs: now - 10 } }, 'leaseHeld'],
    ['when the leases were not read', { lease: undefined }, 'leaseNotRead'],
    ['when they were read before it was heard', { lease: { held: false, atMs: heardMs } }, 'leaseNotRead'],
    ['when the store does not answer', { storeSteadySinceMs: undefined }, 'storeUnsteady'],
    ['when the store has just come back', { storeSteadySinceMs: now - 2000 }, 'storeUnsteady'],
    ['when the bus is away', { busSteadySinceMs: undefined }, 'busUnsteady'],
    ['when the bus has just come back', { busSteadySinceMs: now - 2000 }, 'busUnsteady'],
    ['before it is asked', { askings: [] }, 'notAsked'],
    ['when it could not be asked', { askings: [asked('notAsked', 'refused')] }, 'notAsked'],
    ['when it was asked before it was heard', { askings: [asked('refused', 'refused', 1100)] }, 'notAsked'],
    ['when it answers over gRPC', { askings: [asked('refused', 'answered')] }, 'answers'],
    ['when it answers over the bus', { askings: [asked('answered', 'refused')] }, 'answers'],
    ['before the other nodes are asked', { testimony: undefined }, 'witnessesNotAsked'],
    ['when they were asked before it was heard', { testimony: said('silent', 1100) }, 'witnessesNotAsked'],
    ['when packets from it still arrive elsewhere', { testimony: said('media') }, 'heardByOthers'],
    ['when it answers the calls of other nodes', { testimony: said('control') }, 'heardByOthers'],
    ['when it was silent once', { askings: [asked('silent', 'refused')] }, 'askedOnce'],
    [
      'when only one of two questions was unanswered',
      { askings: [asked('silent', 'answered', 600), asked('silent', 'silent')] },
      'askedOnce',
    ],
  ])('%s', (_, given, doubt) => {
    expect(judge(heardMs, evidence(given), now)).toEqual({ state: 'suspect', doubt });
  });
});

test('a far node that takes seconds for each question is dead when it has been asked twice', () => {
  const slow = (agoMs: number): Asking => ({
    ...asked('silent', 'silent', agoMs),
    endedMs: now - agoMs + 3000,
  });
  const given = evidence({ askings: [slow(6200), slow(3010)] });
  expect(judge(now - 7000, given, now)).toMatchObject({ state: 'dead' });
});

/** One after the other, as they are asked. */
function inOrder(list: readonly (Omit<Asking, 'endedMs'> & { tookMs: number })[]): Asking[] {
  return list
    .toSorted((one, other) => one.beganMs - other.beganMs)
    .map(({ tookMs, ...one }) => ({ ...one, endedMs: Math.min(now, one.beganMs + tookMs) }));
}

describe('for any evidence', () => {
  const time = fc.integer({ min: now - 6000, max: now });
  const answer = fc.constantFrom<ProbeAnswer>('answered', 'refused', 'silent', 'notAsked');
  const anyEvidence = fc.record({
    connectionLost: fc.boolean(),
    storeSteadySinceMs: fc.option(time, { nil: undefined }),
    busSteadySinceMs: fc.option(time, { nil: undefined }),
    lease: fc.option(fc.record({ held: fc.boolean(), atMs: time }), { nil: undefined }),
    askings: fc
      .array(fc.record({ beganMs: time, tookMs: fc.nat(3000), bus: answer, rpc: answer }), { maxLength: 4 })
      .map((list) => inOrder(list)),
    testimony: fc.option(
      fc.record({
        beganMs: time,
        heard: fc.constantFrom<Testimony['heard']>('media', 'control', 'silent', 'nobodyAsked'),
      }),
      { nil: undefined },
    ),
  });

  test('dead is said only when every single condition holds', () => {
    fc.assert(
      fc.property(time, anyEvidence, (lastHeardMs, given) => {
        const verdict = judge(lastHeardMs, given, now);
        if (verdict.state !== 'dead') return;
        for (const since of [given.storeSteadySinceMs, given.busSteadySinceMs]) {
          expect(now - (since ?? now)).toBeGreaterThan(policy.steadyForMs);
        }
        const silentFor = now - lastHeardMs >= policy.suspectAfterMs;
        const leaseRanOut = given.lease?.held === false && given.lease.atMs > lastHeardMs;
        expect(verdict.crashed || (silentFor && leaseRanOut)).toBe(true);
        expect(given.testimony?.beganMs).toBeGreaterThan(lastHeardMs);
        const unheardMs = now - lastHeardMs;
        const heard = given.testimony?.heard === 'media' || given.testimony?.heard === 'control';
        expect(heard && unheardMs < policy.heardByOthersForMs).toBe(false);
        const fresh = given.askings.filter(({ beganMs }) => beganMs > lastHeardMs);
        const silent = (one: Asking | undefined): boolean =>
          !!one && [one.bus, one.rpc].every((said) => said === 'refused' || said === 'silent');
        expect(silent(fresh.at(-1))).toBe(true);
        const last = fresh.at(-1);
        const refused = fresh.slice(-2).filter(({ bus, rpc }) => bus === 'refused' && rpc === 'refused');
        expect(!verdict.crashed || refused.length === 2).toBe(true);
        expect((last?.bus === 'refused' && last.rpc === 'refused') || silent(fresh.at(-2))).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  test('a sign of life rules out death', () => {
    fc.assert(fc.property(anyEvidence, (given) => judge(now, given, now).state !== 'dead'));
  });
});
