import assert from 'node:assert/strict';
import fc from 'fast-check';
import { it } from 'vitest';
import type { SessionHandle } from '../media-sessions/session.ts';
import { aSession, opened } from '../testing/session-handle.ts';
import {
  type ParticipantCommand,
  type ParticipantEvent,
  type ParticipantState,
  stepParticipant,
} from './participant-state.ts';

const first = aSession(1);

/** What the commands come to, kept as simply as possible. */
class Model {
  state: ParticipantState = { kind: 'settled', session: first };
  /** Sessions that are listened to. */
  readonly held = new Set<string>([first.ref.sessionId]);
  moving = false;
  inRoom = true;
  closedCount = 0;
  movedCount = 0;
  #epoch = 1;

  /** Lets a random event happen, if the world could bring it about. */
  take(choice: Choice): void {
    const event = this.#eventOf(choice);
    if (!event) return;
    const { state, commands } = stepParticipant(this.state, event);
    this.state = state;
    // A move reports once.
    if (event.type === 'moved' || event.type === 'moveFailed') this.moving = false;
    if (event.type === 'moved') this.held.add(event.opened.session.ref.sessionId);
    for (const command of commands) this.#execute(command);
  }

  #eventOf({ what, old, epoch }: Choice): ParticipantEvent | undefined {
    const { session } = this.state;
    const leaving = this.state.kind === 'handingOver' ? this.state.leaving : aSession(0);
    const { sessionId } = (old ? leaving : session).ref;
    switch (what) {
      case 'moved':
        return this.moving ? { type: 'moved', opened: opened(aSession(++this.#epoch)) } : undefined;
      case 'notBegun':
      case 'givenUp':
      case 'superseded':
        return this.moving ? { type: 'moveFailed', failure: what } : undefined;
      case 'moveRequested':
        return { type: 'moveRequested', sessionId, reason: 'drain' };
      case 'sessionLost':
        return { type: 'sessionLost', sessionId, reason: 'node-died' };
      case 'sessionEnded':
        return { type: 'sessionEnded', sessionId, reason: 'removed' };
      case 'handedOver':
        return { type: 'handedOver', epoch };
      case 'takenOver':
        return { type: 'takenOver' };
      case 'clientGone':
        return { type: 'clientGone', departure: old ? 'lost' : 'left' };
    }
  }

  #execute(command: ParticipantCommand): void {
    switch (command.type) {
      case 'startMigration':
        assert.equal(this.moving, false);
        this.moving = true;
        break;
      case 'expediteMigration':
        assert.equal(this.moving, true);
        break;
      case 'cancelMigration':
        assert.equal(this.moving, true);
        this.moving = false;
        break;
      case 'notifyMoved':
        this.movedCount++;
        assert.equal(this.inRoom, true);
        break;
      case 'notifyClosed':
        this.closedCount++;
        break;
      case 'unsubscribe':
      case 'closeMoved':
      case 'depart':
        // A lost session is ended once more when its client goes, so that its participant leaves the room.
        if (command.type !== 'depart') assert.ok(this.held.has(command.session.ref.sessionId));
        this.held.delete(command.session.ref.sessionId);
        break;
      case 'leaveRoom':
        assert.equal(this.inRoom, true);
        this.inRoom = false;
        break;
    }
  }

  check(): void {
    const { state } = this;
    const sessions = ((): SessionHandle[] => {
      switch (state.kind) {
        case 'settled':
        case 'switching':
          return [state.session];
        case 'handingOver':
          return [state.session, state.leaving];
        case 'recovering':
        case 'over':
        case 'ended':
          return [];
      }
    })();
    assert.deepEqual([...this.held].toSorted(), sessions.map(({ ref }) => ref.sessionId).toSorted());
    assert.equal(this.moving, state.kind === 'switching' || state.kind === 'recovering');
    assert.equal(this.inRoom, state.kind !== 'over' && state.kind !== 'ended');
    assert.equal(this.movedCount, this.#epoch - 1);
    assert.ok(state.kind === 'over' ? this.closedCount === 1 : this.closedCount <= 1);
  }
}

const choice = fc.record({
  what: fc.constantFrom(
    ...(['moved', 'moved', 'notBegun', 'givenUp', 'superseded', 'moveRequested', 'moveRequested'] as const),
    ...(['sessionLost', 'sessionLost', 'sessionEnded', 'handedOver', 'handedOver'] as const),
    ...(['takenOver', 'clientGone'] as const),
  ),
  /** Of the session that is being left, if there is one. */
  old: fc.boolean(),
  epoch: fc.integer({ min: 1, max: 6 }),
});
type Choice = typeof choice extends fc.Arbitrary<infer Value> ? Value : never;

it('any sequence of events releases every session and runs one migration at a time', () => {
  fc.assert(
    fc.property(fc.array(choice, { maxLength: 40 }), (choices) => {
      const model = new Model();
      for (const one of choices) {
        model.take(one);
        model.check();
      }
    }),
    { numRuns: 2000 },
  );
});
