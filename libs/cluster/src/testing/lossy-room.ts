import assert from 'node:assert/strict';
import type { Participant, RoomState, VersionedChange } from '@skein/protocol';
import { newSteadyFeed, stepSteadyFeed, type SteadyCommand, type SteadyInput } from '../feeds/regrowth.ts';
import type { StoredSnapshot } from '../store/room-store.ts';
import { aRequest } from './builders.ts';
import { MemoryStore } from './memory-store.ts';

const ROOM = 'blue';

/** A room in a store that loses it, and the participants that nodes hold of it. */
export class LossyRoom {
  readonly held = new Map<string, Participant>();
  readonly #rooms = new MemoryStore({ history: 8 }).inside.rooms;
  #sessions = 0;

  get version(): number | undefined {
    return this.#rooms.heads([ROOM])[0]?.version;
  }

  join(identity: string): readonly VersionedChange[] {
    const request = aRequest({ room: ROOM, identity, sessionId: `s${++this.#sessions}` });
    const { participant, changes } = this.#rooms.place(request);
    this.held.set(identity, participant);
    return changes;
  }

  leave(identity: string): readonly VersionedChange[] {
    const known = this.held.get(identity);
    this.held.delete(identity);
    return known ? this.#rooms.leave(ROOM, known, 'left').changes : [];
  }

  lose(): void {
    this.#rooms.lose(ROOM);
  }

  /** Its last writes are lost, and their versions are given again. */
  fallBack(writes: number): void {
    this.#rooms.fallBack(writes);
  }

  /** The nodes put back what is missing. */
  announce(): readonly VersionedChange[] {
    return this.#rooms.announce(ROOM, { participants: [...this.held.values()], tracks: [] }).changes;
  }

  trimLog(): void {
    this.#rooms.trimLogs();
  }

  changesSince(version: number): readonly VersionedChange[] | undefined {
    return this.#rooms.changesSince(ROOM, version);
  }

  snapshot(): StoredSnapshot | undefined {
    return this.#rooms.snapshot(ROOM);
  }
}

/** Drives `stepSteadyFeed` as the shell does, with a store that answers when the test says so. */
export class Driver {
  steady = newSteadyFeed;
  pending: SteadyCommand | undefined;
  asleep = false;
  growing = false;
  readonly lost: RoomState[] = [];
  replacements = 0;
  readonly room: LossyRoom;
  #seen: RoomState | undefined;

  constructor(room: LossyRoom) {
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
