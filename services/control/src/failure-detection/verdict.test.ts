import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  defaultDetection as policy,
  judge,
  type ProbeRound,
  type Evidence,
  type ProbeResult,
  type WitnessReport,
} from './verdict.ts';

const now = 1_000_000;
const heardMs = now - 1100;

function asked(bus: ProbeResult, rpc: ProbeResult, agoMs = 50): ProbeRound {
  return { beganMs: now - agoMs, endedMs: now - agoMs + 40, bus, rpc };
}

function said(heard: WitnessReport['heard'], agoMs = 60): WitnessReport {
  return { beganMs: now - agoMs, heard };
}

/** All that it takes, but for what is given. */
function evidence(given: Partial<Evidence> = {}): Evidence {
  return {
    connectionLost: false,
    storeHealthySinceMs: now - 60_000,
    busHealthySinceMs: now - 60_000,
    lease: { held: false, atMs: now - 10 },
    probeRounds: [asked('refused', 'refused')],
    witnessReport: { beganMs: now - 60, heard: 'silent' },
    ...given,
  };
}

it('a node is dead when it is silent, has no lease, and every path is refused', () => {
  expect(judge(heardMs, evidence(), now)).toEqual({
    kind: 'dead',
    reason: 'not heard for 1100 ms, lease run out, bus refused, gRPC refused, other nodes: silent',
    crashed: false,
  });
});

it('a node that hangs is dead when it has been asked twice', () => {
  const twice = [asked('silent', 'silent', 600), asked('silent', 'silent', 300)];
  expect(judge(heardMs, evidence({ probeRounds: twice }), now)).toMatchObject({ kind: 'dead' });
  const mixed = [asked('refused', 'silent', 600), asked('silent', 'refused', 300)];
  expect(judge(heardMs, evidence({ probeRounds: mixed }), now)).toMatchObject({ kind: 'dead' });
});

it('a node that no other node has a pipe to is dead without their word', () => {
  expect(judge(heardMs, evidence({ witnessReport: said('nobodyAsked') }), now)).toMatchObject({
    kind: 'dead',
  });
});

it('a node that only other nodes hear is dead when it has been out of reach for long', () => {
  const given = evidence({ witnessReport: said('media') });
  const { heardByOthersForMs } = policy;
  expect(judge(now - heardByOthersForMs + 1, given, now)).toEqual({
    kind: 'suspect',
    reason: 'heardByOthers',
  });
  expect(judge(now - heardByOthersForMs, given, now)).toMatchObject({
    kind: 'dead',
    reason: expect.stringContaining('other nodes: media') as string,
  });
});

it('a node that was heard lately is alive, whatever else is known', () => {
  expect(judge(now - 599, evidence(), now)).toEqual({ kind: 'alive' });
});

describe('a node whose connection was lost', () => {
  const heardJustNow = now - 250;
  const refusedTwice = [asked('refused', 'refused', 200), asked('refused', 'refused', 150)];
  const crash = { connectionLost: true, probeRounds: refusedTwice, witnessReport: said('silent', 200) };

  it('is dead when bus and gRPC refuse twice, although its lease is held', () => {
    const held = { held: true, atMs: now - 10 };
    expect(judge(heardJustNow, evidence({ ...crash, lease: held }), now)).toEqual({
      kind: 'dead',
      reason: 'not heard for 250 ms, process ended, bus refused, gRPC refused, other nodes: silent',
      crashed: true,
    });
  });

  it.each<[string, Partial<Evidence>, string]>([
    ['before it is probed', { probeRounds: [] }, 'notProbed'],
    ['when it refused once', { probeRounds: refusedTwice.slice(1) }, 'heardLately'],
    [
      'when it refused twice in one moment',
      { probeRounds: [asked('refused', 'refused', 159), asked('refused', 'refused', 110)] },
      'heardLately',
    ],
    [
      'when it hangs',
      { probeRounds: [asked('silent', 'refused', 200), asked('refused', 'refused')] },
      'heardLately',
    ],
    ['when it answers again', { probeRounds: [asked('refused', 'answered')] }, 'answers'],
    ['when other nodes receive its packets', { witnessReport: said('media', 200) }, 'heardByOthers'],
    ['when the bus has just come back', { busHealthySinceMs: now - 2000 }, 'busUnstable'],
  ])('is only suspect %s', (_, given, reason) => {
    expect(judge(heardJustNow, evidence({ ...crash, ...given }), now)).toEqual({ kind: 'suspect', reason });
  });
});

describe('a node is only suspect', () => {
  it.each<[string, Partial<Evidence>, string]>([
    ['while its lease is held', { lease: { held: true, atMs: now - 10 } }, 'leaseHeld'],
    ['when the leases were not read', { lease: undefined }, 'leaseNotRead'],
    ['when they were read before it was heard', { lease: { held: false, atMs: heardMs } }, 'leaseNotRead'],
    ['when the store does not answer', { storeHealthySinceMs: undefined }, 'storeUnstable'],
    ['when the store has just come back', { storeHealthySinceMs: now - 2000 }, 'storeUnstable'],
    ['when the bus is away', { busHealthySinceMs: undefined }, 'busUnstable'],
    ['when the bus has just come back', { busHealthySinceMs: now - 2000 }, 'busUnstable'],
    ['before it is asked', { probeRounds: [] }, 'notProbed'],
    ['when it could not be asked', { probeRounds: [asked('notProbed', 'refused')] }, 'notProbed'],
    [
      'when it was asked before it was heard',
      { probeRounds: [asked('refused', 'refused', 1100)] },
      'notProbed',
    ],
    ['when it answers over gRPC', { probeRounds: [asked('refused', 'answered')] }, 'answers'],
    ['when it answers over the bus', { probeRounds: [asked('answered', 'refused')] }, 'answers'],
    ['before the other nodes are asked', { witnessReport: undefined }, 'witnessesNotAsked'],
    [
      'when they were asked before it was heard',
      { witnessReport: said('silent', 1100) },
      'witnessesNotAsked',
    ],
    ['when packets from it still arrive elsewhere', { witnessReport: said('media') }, 'heardByOthers'],
    ['when it answers the calls of other nodes', { witnessReport: said('control') }, 'heardByOthers'],
    ['when it was silent once', { probeRounds: [asked('silent', 'refused')] }, 'probedOnce'],
    [
      'when only one of two questions was unanswered',
      { probeRounds: [asked('silent', 'answered', 600), asked('silent', 'silent')] },
      'probedOnce',
    ],
  ])('%s', (_, given, reason) => {
    expect(judge(heardMs, evidence(given), now)).toEqual({ kind: 'suspect', reason });
  });
});

it('a far node that takes seconds for each question is dead when it has been asked twice', () => {
  const slow = (agoMs: number): ProbeRound => ({
    ...asked('silent', 'silent', agoMs),
    endedMs: now - agoMs + 3000,
  });
  const given = evidence({ probeRounds: [slow(6200), slow(3010)] });
  expect(judge(now - 7000, given, now)).toMatchObject({ kind: 'dead' });
});

/** One after the other, as they are asked. */
function inOrder(list: readonly (Omit<ProbeRound, 'endedMs'> & { tookMs: number })[]): ProbeRound[] {
  return list
    .toSorted((one, other) => one.beganMs - other.beganMs)
    .map(({ tookMs, ...one }) => ({ ...one, endedMs: Math.min(now, one.beganMs + tookMs) }));
}

describe('for any evidence', () => {
  const time = fc.integer({ min: now - 6000, max: now });
  const answer = fc.constantFrom<ProbeResult>('answered', 'refused', 'silent', 'notProbed');
  const anyEvidence = fc.record({
    connectionLost: fc.boolean(),
    storeHealthySinceMs: fc.option(time, { nil: undefined }),
    busHealthySinceMs: fc.option(time, { nil: undefined }),
    lease: fc.option(fc.record({ held: fc.boolean(), atMs: time }), { nil: undefined }),
    probeRounds: fc
      .array(fc.record({ beganMs: time, tookMs: fc.nat(3000), bus: answer, rpc: answer }), { maxLength: 4 })
      .map((list) => inOrder(list)),
    witnessReport: fc.option(
      fc.record({
        beganMs: time,
        heard: fc.constantFrom<WitnessReport['heard']>('media', 'control', 'silent', 'nobodyAsked'),
      }),
      { nil: undefined },
    ),
  });

  it('dead is said only when every single condition holds', () => {
    fc.assert(
      fc.property(time, anyEvidence, (lastHeardMs, given) => {
        const verdict = judge(lastHeardMs, given, now);
        if (verdict.kind !== 'dead') return;
        for (const since of [given.storeHealthySinceMs, given.busHealthySinceMs]) {
          expect(now - (since ?? now)).toBeGreaterThan(policy.healthyForMs);
        }
        const silentFor = now - lastHeardMs >= policy.suspectAfterMs;
        const leaseRanOut = given.lease?.held === false && given.lease.atMs > lastHeardMs;
        expect(verdict.crashed || (silentFor && leaseRanOut)).toBe(true);
        expect(given.witnessReport?.beganMs).toBeGreaterThan(lastHeardMs);
        const unheardMs = now - lastHeardMs;
        const heard = given.witnessReport?.heard === 'media' || given.witnessReport?.heard === 'control';
        expect(heard && unheardMs < policy.heardByOthersForMs).toBe(false);
        const fresh = given.probeRounds.filter(({ beganMs }) => beganMs > lastHeardMs);
        const silent = (one: ProbeRound | undefined): boolean =>
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

  it('a sign of life rules out death', () => {
    fc.assert(fc.property(anyEvidence, (given) => judge(now, given, now).kind !== 'dead'));
  });
});
