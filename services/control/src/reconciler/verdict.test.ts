import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judge, patience, type Asking, type Evidence, type ProbeAnswer } from './verdict.ts';

const now = 1_000_000;
const heardMs = now - 1100;

function asked(bus: ProbeAnswer, rpc: ProbeAnswer, agoMs = 50): Asking {
  return { beganMs: now - agoMs, bus, rpc };
}

/** All that it takes, but for what is given. */
function evidence(given: Partial<Evidence> = {}): Evidence {
  return {
    storeSteadySinceMs: now - 60_000,
    busSteadySinceMs: now - 60_000,
    lease: { held: false, atMs: now - 10 },
    askings: [asked('refused', 'refused')],
    ...given,
  };
}

test('a node is dead when it is not heard, has no lease, and everything says that nobody is there', () => {
  expect(judge(heardMs, evidence(), now)).toEqual({
    state: 'dead',
    reason: 'not heard for 1100 ms, lease run out, bus refused, gRPC refused',
  });
});

test('a node that hangs is dead when it has been asked twice', () => {
  const twice = [asked('silent', 'silent', 600), asked('silent', 'silent', 300)];
  expect(judge(heardMs, evidence({ askings: twice }), now)).toMatchObject({ state: 'dead' });
  const mixed = [asked('refused', 'silent', 600), asked('silent', 'refused', 300)];
  expect(judge(heardMs, evidence({ askings: mixed }), now)).toMatchObject({ state: 'dead' });
});

test('a node that was heard lately is alive, whatever else is known', () => {
  expect(judge(now - 599, evidence(), now)).toEqual({ state: 'alive' });
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

describe('for any evidence', () => {
  const time = fc.integer({ min: now - 6000, max: now });
  const answer = fc.constantFrom<ProbeAnswer>('answered', 'refused', 'silent', 'notAsked');
  const anyEvidence = fc.record({
    storeSteadySinceMs: fc.option(time, { nil: undefined }),
    busSteadySinceMs: fc.option(time, { nil: undefined }),
    lease: fc.option(fc.record({ held: fc.boolean(), atMs: time }), { nil: undefined }),
    askings: fc
      .array(fc.record({ beganMs: time, bus: answer, rpc: answer }), { maxLength: 4 })
      .map((list) => list.toSorted((one, other) => one.beganMs - other.beganMs)),
  });

  test('dead is said only when every single condition holds', () => {
    fc.assert(
      fc.property(time, anyEvidence, (lastHeardMs, given) => {
        if (judge(lastHeardMs, given, now).state !== 'dead') return;
        expect(now - lastHeardMs).toBeGreaterThanOrEqual(patience.suspectAfterMs);
        for (const since of [given.storeSteadySinceMs, given.busSteadySinceMs]) {
          expect(now - (since ?? now)).toBeGreaterThan(patience.steadyForMs);
        }
        expect(given.lease?.held).toBe(false);
        expect(given.lease?.atMs).toBeGreaterThan(lastHeardMs);
        const fresh = given.askings.filter(({ beganMs }) => beganMs > lastHeardMs);
        const silent = (one: Asking | undefined): boolean =>
          !!one && [one.bus, one.rpc].every((said) => said === 'refused' || said === 'silent');
        expect(silent(fresh.at(-1))).toBe(true);
        const last = fresh.at(-1);
        expect((last?.bus === 'refused' && last.rpc === 'refused') || silent(fresh.at(-2))).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  test('a sign of life makes it alive', () => {
    fc.assert(fc.property(anyEvidence, (given) => judge(now, given, now).state === 'alive'));
  });
});
