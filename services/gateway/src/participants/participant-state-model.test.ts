import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'vitest';
import type { HeldSession } from '../media-sessions/session.ts';
import { aSession } from '../testing/a-session.ts';
import { stepStay } from './participant-state.ts';
import type { StayCommand, StayEvent, StayState } from './participant-state.ts';

const first = aSession(1);

/** What the commands come to, kept as simply as possible. */
class Model {
  state: StayState = { phase: 'settled', session: first };
  /** Sessions that are listened to. */
  readonly held = new Set<string>([first.address.sessionId]);
  moving = false;
  inAudience = true;
  closedTold = 0;
  movesTold = 0;
  #epoch = 1;

  /** Lets a random event happen, if the world could bring it about. */
  take(choice: Choice): void {
    const event = this.#eventOf(choice);
    if (!event) return;
    const { state, commands } = stepStay(this.state, event);
    this.state = state;
    // A move reports once.
    if (event.type === 'moved' || event.type === 'moveFailed') this.moving = false;
    if (event.type === 'moved') this.held.add(event.session.address.sessionId);
    for (const command of commands) this.#carryOut(command);
  }

  #eventOf({ what, old, epoch }: Choice): StayEvent | undefined {
    const { session } = this.state;
    const leaving = this.state.phase === 'handingOver' ? this.state.leaving : aSession(0);
    const { sessionId } = (old ? leaving : session).address;
    switch (what) {
      case 'moved':
        return this.moving ? { type: 'moved', session: aSession(++this.#epoch) } : undefined;
      case 'notBegun':
      case 'givenUp':
      case 'superseded':
        return this.moving ? { type: 'moveFailed', outcome: what } : undefined;
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
        return { type: 'clientGone', how: old ? 'lost' : 'left' };
    }
  }

  #carryOut(command: StayCommand): void {
    switch (command.do) {
      case 'startMove':
        assert.equal(this.moving, false);
        this.moving = true;
        break;
      case 'hurryMove':
        assert.equal(this.moving, true);
        break;
      case 'cancelMove':
        assert.equal(this.moving, true);
        this.moving = false;
        break;
      case 'tellMoved':
        this.movesTold++;
        assert.equal(this.inAudience, true);
        break;
      case 'tellClosed':
        this.closedTold++;
        break;
      case 'forget':
      case 'closeMoved':
      case 'endSession':
        // A lost session is ended once more when its client goes, so that its participant leaves the room.
        if (command.do !== 'endSession') assert.ok(this.held.has(command.session.address.sessionId));
        this.held.delete(command.session.address.sessionId);
        break;
      case 'leaveAudience':
        assert.equal(this.inAudience, true);
        this.inAudience = false;
        break;
    }
  }

  check(): void {
    const { state } = this;
    const sessions = ((): HeldSession[] => {
      switch (state.phase) {
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
    assert.deepEqual([...this.held].toSorted(), sessions.map(({ address }) => address.sessionId).toSorted());
    assert.equal(this.moving, state.phase === 'switching' || state.phase === 'recovering');
    assert.equal(this.inAudience, state.phase !== 'over' && state.phase !== 'ended');
    assert.equal(this.movesTold, this.#epoch - 1);
    assert.ok(state.phase === 'over' ? this.closedTold === 1 : this.closedTold <= 1);
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

test('whatever happens, in any order, every session is listened to or let go, and one move runs at a time', () => {
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
