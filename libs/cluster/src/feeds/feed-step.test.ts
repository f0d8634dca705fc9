import assert from 'node:assert/strict';
import {
  roomStateOf,
  snapshotOf,
  type RoomSnapshot,
  type RoomState,
  type VersionedChange,
} from '@skein/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newFeed, stepFeed, MAX_PARKED, type Feed, type FeedCommand, type FeedInput } from './feed-step.ts';

const FIRST = 1000;

/** A store in memory: a log, whose first entry is at `FIRST`, and what it comes to. */
class ModelStore {
  readonly log: VersionedChange[] = [];
  keptFrom = 0;

  write(): VersionedChange {
    const version = FIRST + this.log.length;
    const identity = `p${version % 7}`;
    const participant = {
      identity,
      name: identity,
      sessionId: 's',
      nodeId: 'n',
      epoch: version,
      joinedAtMs: version,
    };
    const change: VersionedChange =
      version % 3 === 2 && version > FIRST
        ? { version, change: { type: 'participantLeft', identity, epoch: version, reason: 'left' } }
        : { version, change: { type: 'participantJoined', participant } };
    this.log.push(change);
    return change;
  }

  get version(): number {
    return FIRST + this.log.length - 1;
  }

  changesSince(version: number): readonly VersionedChange[] | undefined {
    const from = version - FIRST + 1;
    return from < this.keptFrom || from > this.log.length ? undefined : this.log.slice(from);
  }

  snapshot(): RoomSnapshot | undefined {
    if (this.log.length === 0) return undefined;
    let feed: Feed = {
      ...newFeed,
      state: roomStateOf({ room: 'blue', version: FIRST - 1, participants: [], tracks: [] }),
    };
    for (const change of this.log) feed = stepFeed(feed, { type: 'changes', changes: [change] }).feed;
    return feed.state && snapshotOf(feed.state);
  }
}

/** Drives `stepFeed` as the shell does, with a store that answers when the test says so. */
class Driver {
  feed = newFeed;
  readonly store: ModelStore;
  pending: FeedCommand | undefined;
  awake = true;
  seen: RoomState | undefined;

  constructor(store: ModelStore) {
    this.store = store;
  }

  take(input: FeedInput): void {
    const { feed, commands } = stepFeed(this.feed, input);
    this.feed = feed;
    for (const command of commands) this.#execute(command);
    assert.equal(this.seen, feed.state);
    assert.ok(feed.parked.size <= MAX_PARKED);
  }

  #execute(command: FeedCommand): void {
    switch (command.type) {
      case 'emitChange':
        assert.equal(command.change.version, (this.seen?.version ?? Number.NaN) + 1, 'a hole');
        this.seen = command.state;
        break;
      case 'emitReplaced':
        this.seen = command.state;
        break;
      case 'readChanges':
      case 'readSnapshot':
        assert.equal(this.pending, undefined, 'two questions at once');
        this.pending = command;
        break;
      case 'wake':
        this.awake = false;
        break;
    }
  }

  answer(fail = false): void {
    const request = this.pending;
    this.pending = undefined;
    if (!request) return;
    if (fail) this.take({ type: 'readFailed' });
    else if (request.type === 'readChanges')
      this.take({ type: 'gotChanges', changes: this.store.changesSince(request.since) });
    else this.take({ type: 'gotSnapshot', snapshot: this.store.snapshot() });
  }

  wake(): void {
    if (!this.awake) this.take({ type: 'woke' });
  }

  compare(): void {
    const version = this.store.log.length > 0 ? this.store.version : undefined;
    this.take({ type: 'compared', version, asOf: this.feed.state?.version });
  }

  /** No more events; the poll continues. */
  rest(): number {
    for (let turns = 1; turns < 20; turns++) {
      while (this.pending) this.answer();
      if (this.feed.phase.kind !== 'inSync') this.wake();
      else if (this.feed.state?.version === this.store.version) return turns;
      else this.compare();
    }
    throw new Error('the feed does not come to rest');
  }
}

const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('write' as const), copies: fc.integer({ min: 0, max: 2 }) }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('deliver' as const), at: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('lose' as const), at: fc.nat(20) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('answer' as const), fail: fc.boolean() }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'wake' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'trimLog' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'compare' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'begin' as const }) },
);

describe('a feed', () => {
  it('reaches the state of the store without a gap, whatever is lost, late, doubled or refused', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 80, size: 'max' }), fc.boolean(), (actions, withSnapshot) => {
        const store = new ModelStore();
        store.write();
        const driver = new Driver(store);
        const onTheWay: VersionedChange[] = [];
        driver.take({ type: 'begun', snapshot: withSnapshot ? store.snapshot() : undefined });
        for (const one of actions) {
          switch (one.kind) {
            case 'write': {
              const change = store.write();
              for (let copy = 0; copy < one.copies; copy++) onTheWay.push(change);
              break;
            }
            case 'deliver':
              driver.take({
                type: 'changes',
                changes: onTheWay.splice(one.at % Math.max(1, onTheWay.length), 1),
              });
              break;
            case 'lose':
              onTheWay.splice(one.at % Math.max(1, onTheWay.length), 1);
              break;
            case 'answer':
              driver.answer(one.fail);
              break;
            case 'wake':
              driver.wake();
              break;
            case 'trimLog':
              store.keptFrom = store.log.length;
              break;
            case 'compare':
              driver.compare();
              break;
            case 'begin':
              driver.take({ type: 'begun', snapshot: store.snapshot() });
              break;
          }
        }
        driver.rest();
        const { state } = driver.feed;
        expect(state && snapshotOf(state)).toEqual(store.snapshot());
        expect(driver.feed.phase.kind).toBe('inSync');
        expect(driver.feed.parked.size).toBe(0);
      }),
      { numRuns: 1000 },
    );
  });

  function inSync(): Driver {
    const store = new ModelStore();
    store.write();
    const driver = new Driver(store);
    driver.take({ type: 'begun', snapshot: store.snapshot() });
    driver.answer();
    assert.equal(driver.feed.phase.kind, 'inSync');
    return driver;
  }

  it('asks the store for nothing when changes come in turn', () => {
    const driver = inSync();
    for (let n = 0; n < 10; n++) driver.take({ type: 'changes', changes: [driver.store.write()] });
    expect(driver.pending).toBeUndefined();
    expect(driver.feed.state?.version).toBe(driver.store.version);
  });

  it('asks the store for nothing when two changes come in the wrong order', () => {
    const driver = inSync();
    const [first, second] = [driver.store.write(), driver.store.write()];
    driver.take({ type: 'changes', changes: [second] });
    expect(driver.feed.phase.kind).toBe('awaitingOrder');
    driver.take({ type: 'changes', changes: [first] });
    expect(driver.feed).toMatchObject({ phase: { kind: 'inSync' }, state: { version: second.version } });
    driver.wake();
    expect(driver.pending).toBeUndefined();
  });

  it('stops reading for a version that the store does not have', () => {
    const driver = inSync();
    driver.take({ type: 'expected', version: driver.store.version + 5 });
    driver.wake();
    driver.answer();
    expect(driver.feed.phase.kind).toBe('inSync');
    expect(driver.pending).toBeUndefined();
  });

  it('never applies a change that the store has lost to what came in its place', () => {
    const driver = inSync();
    const [, second] = [driver.store.write(), driver.store.write()];
    driver.take({ type: 'changes', changes: [second] });
    driver.store.log.length -= 2;
    driver.wake();
    driver.answer();
    driver.take({ type: 'changes', changes: [driver.store.write()] });
    expect(driver.feed.state?.version).toBe(second.version - 1);
  });

  it('does not go back for a snapshot that was overtaken while it was on its way', () => {
    const driver = inSync();
    driver.store.write();
    driver.store.keptFrom = 2;
    driver.take({ type: 'expected', version: driver.store.version });
    driver.wake();
    driver.answer();
    const late = driver.store.snapshot();
    driver.take({ type: 'changes', changes: [...driver.store.log, driver.store.write()] });
    const { state } = driver.feed;
    driver.take({ type: 'gotSnapshot', snapshot: late });
    expect(driver.feed.state).toBe(state);
  });

  it('keeps a state that came while the store was asked, and had no such room yet', () => {
    const store = new ModelStore();
    const driver = new Driver(store);
    driver.take({ type: 'begun', snapshot: undefined });
    store.write();
    driver.take({ type: 'begun', snapshot: store.snapshot() });
    driver.pending = undefined;
    driver.take({ type: 'gotSnapshot', snapshot: undefined });
    expect(driver.feed.state?.version).toBe(store.version);
    driver.answer();
    expect(driver.feed).toMatchObject({ state: { version: store.version }, phase: { kind: 'inSync' } });
  });

  it('goes back with a store that lost its last changes', () => {
    const driver = inSync();
    driver.take({ type: 'changes', changes: [driver.store.write()] });
    driver.store.log.pop();
    driver.compare();
    driver.answer();
    expect(driver.feed.state?.version).toBe(driver.store.version);
  });

  it('shows no room when the store says that it is gone', () => {
    const driver = inSync();
    driver.store.log.length = 0;
    driver.compare();
    driver.answer();
    expect(driver.feed).toMatchObject({ state: undefined, phase: { kind: 'inSync' } });
    driver.compare();
    expect(driver.pending).toBeUndefined();
  });

  it('drops what came too early when it is too much, and asks', () => {
    const driver = inSync();
    driver.store.write();
    for (let n = 0; n < MAX_PARKED + 10; n++)
      driver.take({ type: 'changes', changes: [driver.store.write()] });
    driver.wake();
    driver.answer();
    expect(driver.feed.state?.version).toBe(driver.store.version);
  });

  it('waits longer after each refusal, up to a limit', () => {
    let feed: Feed = stepFeed(newFeed, { type: 'begun', snapshot: undefined }).feed;
    const waits: number[] = [];
    for (let n = 0; n < 8; n++) {
      const refused = stepFeed(feed, { type: 'readFailed' });
      for (const command of refused.commands) if (command.type === 'wake') waits.push(command.afterMs);
      feed = stepFeed(refused.feed, { type: 'woke' }).feed;
    }
    expect(waits).toEqual([200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
  });
});
