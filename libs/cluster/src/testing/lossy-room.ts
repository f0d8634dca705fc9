import assert from 'node:assert/strict';
import type { Participant, RoomState, VersionedChange } from '@skein/protocol';
import {
  newStableFeed,
  stepStableFeed,
  type StableFeedCommand,
  type StableFeedInput,
} from '../feeds/stable-feed.ts';
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

/** Drives `stepStableFeed` as the shell does, with a store that answers when the test says so. */
export class Driver {
  stable = newStableFeed;
  pending: StableFeedCommand | undefined;
  asleep = false;
  recovering = false;
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

  take(input: StableFeedInput): void {
    const { stable, commands } = stepStableFeed(this.stable, input);
    this.stable = stable;
    for (const command of commands) this.#execute(command);
    assert.equal(this.#seen, stable.shown);
    assert.equal(this.recovering, stable.recovery.kind === 'recovering');
  }

  #execute(command: StableFeedCommand): void {
    switch (command.type) {
      case 'emitChange':
        assert.equal(command.change.version, (this.#seen?.version ?? Number.NaN) + 1, 'a hole');
        this.#seen = command.state;
        break;
      case 'emitReplaced':
        this.replacements++;
        this.#seen = command.state;
        break;
      case 'emitLost':
        this.lost.push(command.state);
        break;
      case 'startRecovery':
        this.recovering = true;
        break;
      case 'endRecovery':
        this.recovering = false;
        break;
      case 'readChanges':
      case 'readSnapshot':
        assert.equal(this.pending, undefined, 'two questions at once');
        this.pending = command;
        break;
      case 'wake':
        this.asleep = true;
        break;
    }
  }

  answer(fail = false): void {
    const request = this.pending;
    this.pending = undefined;
    if (!request) return;
    if (fail) this.take({ type: 'readFailed' });
    else if (request.type === 'readChanges')
      this.take({ type: 'gotChanges', changes: this.room.changesSince(request.since) });
    else this.take({ type: 'gotSnapshot', snapshot: this.room.snapshot() });
  }

  wake(): void {
    if (this.asleep) this.take({ type: 'woke' });
  }

  compare(): void {
    this.take({ type: 'compared', version: this.room.version, asOf: this.stable.feed.state?.version });
  }

  /** The store answers and the poll continues, but the time of a recovery does not pass. */
  settle(): void {
    for (let turn = 0; turn < 20; turn++) {
      while (this.pending) this.answer();
      if (this.stable.feed.phase.kind === 'inSync') this.compare();
      else this.wake();
    }
  }

  /** The time of the recovery passes. */
  outlastRecovery(): void {
    for (let turn = 0; turn < 5 && this.recovering; turn++) {
      this.take({ type: 'recoveryTimedOut' });
      this.settle();
    }
    assert.ok(!this.recovering);
  }
}
