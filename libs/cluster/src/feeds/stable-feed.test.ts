import assert from 'node:assert/strict';
import { snapshotOf, type RoomSnapshot, type VersionedChange } from '@skein/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reached } from './stable-feed.ts';
import { Driver, LossyRoom } from '../testing/lossy-room.ts';

const person = fc.constantFrom('ann', 'bob', 'cy', 'dan');
const at = fc.nat(20);
const action = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('join' as const), person }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('leave' as const), person }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('lose' as const, 'announce' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fallBack' as const), writes: fc.nat(4) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('deliver' as const, 'drop' as const), at }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('answer' as const), fail: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('wake' as const, 'compare' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('trimLog' as const, 'begin' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('outlastRecovery' as const) }) },
);
type Action = typeof action extends fc.Arbitrary<infer Value> ? Value : never;

function carryOut(one: Action, driver: Driver, onTheWay: VersionedChange[]): void {
  const { room } = driver;
  switch (one.kind) {
    case 'join':
      onTheWay.push(...room.join(one.person));
      break;
    case 'leave':
      onTheWay.push(...room.leave(one.person));
      break;
    case 'lose':
      room.lose();
      break;
    case 'fallBack':
      // A failover takes longer than what was told before it.
      onTheWay.length = 0;
      room.fallBack(one.writes);
      driver.take({ type: 'fellBack' });
      break;
    case 'announce':
      onTheWay.push(...room.announce());
      break;
    case 'deliver':
      driver.take({ type: 'changes', changes: onTheWay.splice(one.at % Math.max(1, onTheWay.length), 1) });
      break;
    case 'drop':
      onTheWay.splice(one.at % Math.max(1, onTheWay.length), 1);
      break;
    case 'answer':
      driver.answer(one.fail);
      break;
    case 'wake':
      driver.wake();
      break;
    case 'compare':
      driver.compare();
      break;
    case 'trimLog':
      room.trimLog();
      break;
    case 'begin':
      driver.take({ type: 'begun', snapshot: room.snapshot() });
      break;
    case 'outlastRecovery':
      onTheWay.push(...room.announce());
      driver.outlastRecovery();
      break;
  }
}

function following(...people: readonly string[]): Driver {
  const driver = new Driver(new LossyRoom());
  for (const identity of people) driver.room.join(identity);
  driver.take({ type: 'begun', snapshot: driver.room.snapshot() });
  driver.settle();
  return driver;
}

describe('a feed whose room is lost by the store', () => {
  it('never shows someone gone who is held by a node, and comes to the state of the store', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 80, size: 'max' }), (actions) => {
        const driver = following('ann');
        const onTheWay: VersionedChange[] = [];
        for (const one of actions) {
          const before = driver.stable.shown;
          carryOut(one, driver, onTheWay);
          const gone = [...(before?.participants.values() ?? [])].filter(
            ({ identity }) => !driver.shown.includes(identity),
          );
          expect(gone.filter((one) => driver.room.held.get(one.identity)?.epoch === one.epoch)).toEqual([]);
        }
        driver.room.announce();
        driver.settle();
        driver.outlastRecovery();
        const { shown } = driver.stable;
        expect(shown && inOrder(snapshotOf(shown))).toEqual(
          driver.room.version === undefined ? undefined : inOrder(roomOf(driver.room)),
        );
      }),
      { numRuns: 500 },
    );
  });

  /** A restored participant comes last in the store, but keeps its place for followers who saw it all the time. */
  function inOrder(room: RoomSnapshot): RoomSnapshot {
    const participants = room.participants.toSorted((one, other) => one.epoch - other.epoch);
    return { ...room, participants };
  }

  function roomOf(room: LossyRoom): RoomSnapshot {
    const { bornVersion: _, ...snapshot } = room.snapshot() ?? assert.fail('no room');
    return snapshot;
  }

  it('shows the old state until all participants are back, then emits one replacement', () => {
    const driver = following('ann', 'bob');
    driver.room.lose();
    driver.settle();
    expect(driver.lost).toHaveLength(1);
    expect(driver.shown).toEqual(['ann', 'bob']);
    const before = driver.replacements;
    const [first, second] = driver.room.announce();
    assert.ok(first && second);
    driver.take({ type: 'changes', changes: [first, second] });
    driver.settle();
    expect(driver.recovering).toBe(false);
    expect(driver.replacements).toBe(before + 1);
    expect(driver.stable.shown?.version).toBe(second.version);
  });

  it('takes away who has not grown back when the time is over', () => {
    const driver = following('ann', 'bob');
    driver.room.lose();
    driver.room.held.delete('bob');
    driver.settle();
    driver.take({ type: 'changes', changes: driver.room.announce() });
    driver.settle();
    expect(driver.shown).toEqual(['ann', 'bob']);
    driver.outlastRecovery();
    expect(driver.shown).toEqual(['ann']);
  });

  it('waits on while the store does not answer', () => {
    const driver = following('ann');
    driver.room.lose();
    driver.settle();
    driver.take({ type: 'recoveryTimedOut' });
    for (let turn = 0; turn < 5; turn++) {
      driver.answer(true);
      expect(driver.shown).toEqual(['ann']);
      driver.wake();
    }
    driver.room.announce();
    driver.answer();
    expect(driver.recovering).toBe(false);
    expect(driver.shown).toEqual(['ann']);
  });

  it('gives who waits for a later version the room with those who are awaited', () => {
    const driver = following('ann', 'bob');
    driver.room.lose();
    const changes = driver.room.join('cy');
    driver.take({ type: 'changes', changes });
    driver.settle();
    expect(driver.shown).toEqual(['ann', 'bob']);
    const state = reached(driver.stable, changes[0]?.version ?? 0);
    expect([...(state?.participants.keys() ?? [])].toSorted()).toEqual(['ann', 'bob', 'cy']);
    expect(reached(driver.stable, (changes[0]?.version ?? 0) + 1)).toBeUndefined();
  });

  it('does not wait for who has left since, nor for a room that all have left', () => {
    const driver = following('ann', 'bob');
    const { held } = driver.room;
    const bob = held.get('bob') ?? assert.fail();
    driver.room.lose();
    held.delete('bob');
    driver.take({ type: 'changes', changes: driver.room.announce() });
    driver.settle();
    driver.room.join('cy');
    driver.settle();
    driver.take({ type: 'changes', changes: driver.room.leave('ann') });
    driver.settle();
    expect(driver.recovering).toBe(true);
    held.set('bob', bob);
    driver.room.announce();
    driver.settle();
    expect(driver.recovering).toBe(false);
    expect(driver.shown.toSorted()).toEqual(['bob', 'cy']);
    driver.take({ type: 'changes', changes: driver.room.leave('cy') });
    driver.take({ type: 'changes', changes: driver.room.leave('bob') });
    driver.settle();
    expect(driver.stable.shown).toBeUndefined();
  });

  it('takes a room that it missed much of for the same room, however many left it meanwhile', () => {
    const driver = following('ann', 'bob', 'cy');
    driver.room.leave('ann');
    driver.room.leave('bob');
    driver.room.trimLog();
    driver.settle();
    expect(driver.lost).toEqual([]);
    expect(driver.shown).toEqual(['cy']);
  });

  it('finds out what a store lost that fell back and went on under the same versions', () => {
    const driver = following('ann');
    driver.take({ type: 'changes', changes: driver.room.join('bob') });
    expect(driver.shown).toEqual(['ann', 'bob']);
    driver.room.fallBack(1);
    driver.room.join('cy');
    driver.take({ type: 'fellBack' });
    expect(driver.room.version).toBe(driver.stable.shown?.version);
    driver.settle();
    expect(driver.lost).toHaveLength(1);
    expect(driver.shown).toEqual(['ann', 'bob']);
    driver.take({ type: 'changes', changes: driver.room.announce() });
    driver.settle();
    expect(driver.recovering).toBe(false);
    expect(driver.shown.toSorted()).toEqual(['ann', 'bob', 'cy']);
  });

  it('applies nothing of the history before to a store that fell back', () => {
    const driver = following('ann');
    driver.room.join('bob');
    const [later] = driver.room.join('cy');
    assert.ok(later);
    driver.take({ type: 'changes', changes: [later] });
    driver.room.fallBack(1);
    driver.room.held.delete('cy');
    driver.take({ type: 'fellBack' });
    driver.settle();
    expect(driver.shown).toEqual(['ann', 'bob']);
    expect(driver.stable.shown?.version).toBe(driver.room.version);
  });

  it('says nothing of a store that fell back and has lost nothing', () => {
    const driver = following('ann', 'bob');
    const before = driver.replacements;
    driver.take({ type: 'fellBack' });
    driver.settle();
    expect(driver.lost).toEqual([]);
    expect(driver.replacements).toBe(before);
  });

  it('tells of each loss, and counts the time from the last one', () => {
    const driver = following('ann', 'bob');
    driver.room.lose();
    driver.settle();
    driver.take({ type: 'changes', changes: driver.room.announce().slice(0, 1) });
    driver.room.lose();
    driver.settle();
    driver.room.join('cy');
    driver.settle();
    driver.room.lose();
    driver.settle();
    expect(driver.lost.length).toBeGreaterThan(1);
    driver.room.announce();
    driver.settle();
    expect(driver.recovering).toBe(false);
    expect(driver.shown.toSorted()).toEqual(['ann', 'bob', 'cy']);
  });
});
