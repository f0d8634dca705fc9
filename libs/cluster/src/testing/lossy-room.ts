import assert from 'node:assert/strict';
import {
  applyChange,
  roomStateOf,
  snapshotOf,
  type Participant,
  type RoomChange,
  type RoomState,
  type VersionedChange,
} from '@skein/protocol';
import { newSteadyFeed, stepSteadyFeed, type SteadyCommand, type SteadyInput } from '../feeds/regrowth.ts';
import type { StoredSnapshot } from '../store/room-store.ts';

/** A store that can lose a room, and nodes that hold what is in it. */
export class ModelRoom {
  readonly held = new Map<string, Participant>();
  #state: RoomState | undefined;
  #log: VersionedChange[] = [];
  /** Before each write, the last ones. */
  #earlier: { readonly state: RoomState | undefined; readonly born: number }[] = [];
  #born = 0;
  /** Ahead of all versions, as a clock is. */
  #clock = 1000;

  get version(): number | undefined {
    return this.#state?.version;
  }

  join(identity: string): VersionedChange[] {
    const epoch = ++this.#clock;
    const participant = {
      ...{ identity, name: identity, sessionId: `s${epoch}`, nodeId: 'n', epoch, joinedAtMs: 1 },
    };
    this.held.set(identity, participant);
    return [this.#write({ type: 'participantJoined', participant })];
  }

  leave(identity: string): VersionedChange[] {
    const known = this.held.get(identity);
    this.held.delete(identity);
    if (!known || this.#state?.participants.get(identity)?.epoch !== known.epoch) return [];
    const left = this.#write({ type: 'participantLeft', identity, epoch: known.epoch, reason: 'left' });
    if (this.#state.participants.size === 0) this.lose();
    return [left];
  }

  lose(): void {
    this.#state = undefined;
    this.#log = [];
  }

  /** As a replica that lacked the last `writes` and was made the primary: their versions are given again. */
  fallBack(writes: number): void {
    const [then] = writes > 0 ? this.#earlier.splice(-writes) : [];
    if (then) [this.#state, this.#born] = [then.state, then.born];
    const version = this.#state?.version ?? 0;
    this.#log = this.#log.filter((change) => change.version <= version);
  }

  announce(): VersionedChange[] {
    const missing = [...this.held.values()].filter(
      ({ identity, epoch }) => (this.#state?.participants.get(identity)?.epoch ?? 0) < epoch,
    );
    return missing.map((participant) => this.#write({ type: 'participantJoined', participant }));
  }

  trimLog(): void {
    this.#log = [];
  }

  changesSince(version: number): VersionedChange[] | undefined {
    if (!this.#state || version > this.#state.version) return undefined;
    const after = this.#log.filter((change) => change.version > version);
    return after.length === this.#state.version - version ? after : undefined;
  }

  snapshot(): StoredSnapshot | undefined {
    return this.#state && { ...snapshotOf(this.#state), bornVersion: this.#born };
  }

  #write(change: RoomChange): VersionedChange {
    this.#clock += 1000;
    this.#earlier.push({ state: this.#state, born: this.#born });
    if (!this.#state) this.#born = this.#clock;
    const before = this.#state ?? emptyRoom(this.#clock - 1);
    const versioned = { version: before.version + 1, change };
    const applied = applyChange(before, versioned);
    assert.ok(applied.outcome === 'applied');
    this.#state = applied.state;
    this.#log.push(versioned);
    return versioned;
  }
}

function emptyRoom(version: number): RoomState {
  return roomStateOf({ room: 'blue', version, participants: [], tracks: [] });
}

/** Drives `stepSteadyFeed` as the shell does, with a store that answers when the test says so. */
export class Driver {
  steady = newSteadyFeed;
  pending: SteadyCommand | undefined;
  asleep = false;
  growing = false;
  readonly lost: RoomState[] = [];
  replacements = 0;
  readonly room: ModelRoom;
  #seen: RoomState | undefined;

  constructor(room: ModelRoom) {
    this.room = room;
  }

  get shown(): readonly string[] {
    return [...(this.#seen?.participants.keys() ?? [])];
  }

  take(input: SteadyInput): void {
    const { steady, commands } = stepSteadyFeed(this.steady, input);
    this.steady = steady;
    for (const command of commands) this.#carryOut(command);
    assert.equal(this.#seen, steady.shown);
    assert.equal(this.growing, steady.regrowth.name === 'growing');
  }

  #carryOut(command: SteadyCommand): void {
    switch (command.do) {
      case 'tellChange':
        assert.equal(command.change.version, (this.#seen?.version ?? Number.NaN) + 1, 'a hole');
        this.#seen = command.state;
        break;
      case 'tellReplaced':
        this.replacements++;
        this.#seen = command.state;
        break;
      case 'tellLost':
        this.lost.push(command.state);
        break;
      case 'startRegrowth':
        this.growing = true;
        break;
      case 'endRegrowth':
        this.growing = false;
        break;
      case 'askChanges':
      case 'askSnapshot':
        assert.equal(this.pending, undefined, 'two questions at once');
        this.pending = command;
        break;
      case 'wake':
        this.asleep = true;
        break;
    }
  }

  answer(fail = false): void {
    const question = this.pending;
    this.pending = undefined;
    if (!question) return;
    if (fail) this.take({ type: 'askFailed' });
    else if (question.do === 'askChanges')
      this.take({ type: 'gotChanges', changes: this.room.changesSince(question.since) });
    else this.take({ type: 'gotSnapshot', snapshot: this.room.snapshot() });
  }

  wake(): void {
    if (this.asleep) this.take({ type: 'woke' });
  }

  compare(): void {
    this.take({ type: 'compared', version: this.room.version, asOf: this.steady.feed.state?.version });
  }

  /** The store answers, the poll goes on; without the time of a regrowth passing. */
  settle(): void {
    for (let turn = 0; turn < 20; turn++) {
      while (this.pending) this.answer();
      if (this.steady.feed.phase.name === 'inStep') this.compare();
      else this.wake();
    }
  }

  /** The time of the regrowth passes. */
  growOld(): void {
    for (let turn = 0; turn < 5 && this.growing; turn++) {
      this.take({ type: 'regrowthOver' });
      this.settle();
    }
    assert.ok(!this.growing);
  }
}
