import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HeldSession } from '../sessions/session.ts';
import { stepStay } from './state.ts';
import type { StayCommand, StayEvent, StayState } from './state.ts';

function aSession(epoch: number): HeldSession {
  return {
    address: { room: 'blue', identity: 'ada', sessionId: `ses_${epoch}`, epoch, nodeId: `node-${epoch}` },
    attachment: 1,
    line: { nodeStartedAtMs: 1, start: () => {}, close: () => {} },
  };
}

const [first, second] = [aSession(1), aSession(2)];
const settled: StayState = { phase: 'settled', session: first };
const requested: StayEvent = { type: 'moveRequested', sessionId: 'ses_1', reason: 'drain' };
const lost: StayEvent = { type: 'sessionLost', sessionId: 'ses_1', reason: 'node-died' };

/** The states and commands of several events, one after another. */
function after(state: StayState, ...events: StayEvent[]): { state: StayState; commands: StayCommand[] } {
  const commands: StayCommand[] = [];
  for (const event of events) {
    const step = stepStay(state, event);
    state = step.state;
    commands.push(...step.commands);
  }
  return { state, commands };
}

describe('a stay', () => {
  test('is switched to another session while the present one works, which is let go when the client is ready', () => {
    const asked = after(settled, requested);
    expect(asked.commands).toEqual([{ do: 'startMove', mode: 'switch', from: first, reason: 'drain' }]);
    const moved = after(asked.state, { type: 'moved', session: second });
    expect(moved.commands).toEqual([{ do: 'tellMoved', mode: 'switch', session: second }]);
    const early = after(moved.state, { type: 'handedOver', epoch: 1 });
    expect(early).toEqual({ state: moved.state, commands: [] });
    const ready = after(moved.state, { type: 'handedOver', epoch: 2 });
    expect(ready.state).toEqual({ phase: 'settled', session: second });
    expect(ready.commands).toEqual([{ do: 'closeMoved', session: first }]);
  });

  test('goes on as before when a switch did not begin', () => {
    const { state, commands } = after(settled, requested, { type: 'moveFailed', outcome: 'notBegun' });
    expect(state).toEqual(settled);
    expect(commands).toHaveLength(1);
  });

  test('is rebuilt when its session is lost, and told nothing before', () => {
    const { state, commands } = after(settled, lost);
    expect(state).toEqual({ phase: 'recovering', session: first, reason: 'node-died' });
    expect(commands).toEqual([
      { do: 'forget', session: first },
      { do: 'startMove', mode: 'rebuild', from: first, reason: 'node-died' },
    ]);
    const moved = after(state, { type: 'moved', session: second });
    expect(moved.commands).toEqual([{ do: 'tellMoved', mode: 'rebuild', session: second }]);
  });

  test('hurries a switch whose present session is lost, and rebuilds if that switch never began', () => {
    const { state, commands } = after(settled, requested, lost);
    expect(commands.at(-1)).toEqual({ do: 'hurryMove', reason: 'node-died' });
    const again = after(state, { type: 'moveFailed', outcome: 'notBegun' });
    expect(again.commands).toMatchObject([{ do: 'startMove', mode: 'rebuild', reason: 'node-died' }]);
  });

  test('is over when no node takes it, or somebody else has it', () => {
    const gaveUp = after(settled, lost, { type: 'moveFailed', outcome: 'givenUp' });
    expect(gaveUp.commands.slice(-2)).toEqual([
      { do: 'leaveAudience' },
      { do: 'tellClosed', reason: 'node-stopped' },
    ]);
    const superseded = after(settled, requested, { type: 'moveFailed', outcome: 'superseded' });
    expect(superseded.state).toMatchObject({ phase: 'over', reason: 'superseded' });
  });

  test('moves on when its new session is asked to move before the earlier one is let go', () => {
    const again: StayEvent = { type: 'moveRequested', sessionId: 'ses_2', reason: 'rebalance' };
    const moved: StayEvent = { type: 'moved', session: second };
    const { state, commands } = after(settled, requested, moved, again, { type: 'handedOver', epoch: 2 });
    expect(state).toEqual({ phase: 'switching', session: second });
    expect(commands.slice(-2)).toEqual([
      { do: 'closeMoved', session: first },
      { do: 'startMove', mode: 'switch', from: second, reason: 'rebalance' },
    ]);
  });

  test('is left alone, and not ended, when another gateway has attached', () => {
    const { state, commands } = after(settled, { type: 'takenOver' }, { type: 'clientGone', how: 'closed' });
    expect(state.phase).toBe('ended');
    expect(commands).toEqual([{ do: 'forget', session: first }, { do: 'leaveAudience' }]);
  });

  test('waits for its client when the socket was lost', () => {
    const { commands } = after(settled, { type: 'clientGone', how: 'lost' });
    expect(commands).toEqual([{ do: 'endSession', session: first, how: 'lost' }, { do: 'leaveAudience' }]);
  });
});

/** What the commands come to, kept as simply as possible. */
class Model {
  state: StayState = settled;
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
        expect(this.moving).toBe(false);
        this.moving = true;
        break;
      case 'hurryMove':
        expect(this.moving).toBe(true);
        break;
      case 'cancelMove':
        expect(this.moving).toBe(true);
        this.moving = false;
        break;
      case 'tellMoved':
        this.movesTold++;
        expect(this.inAudience).toBe(true);
        break;
      case 'tellClosed':
        this.closedTold++;
        break;
      case 'forget':
      case 'closeMoved':
      case 'endSession':
        // A lost session is ended once more when its client goes, so that its participant leaves the room.
        if (command.do !== 'endSession') expect(this.held).toContain(command.session.address.sessionId);
        this.held.delete(command.session.address.sessionId);
        break;
      case 'leaveAudience':
        expect(this.inAudience).toBe(true);
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
    expect([...this.held].toSorted()).toEqual(sessions.map(({ address }) => address.sessionId).toSorted());
    expect(this.moving).toBe(state.phase === 'switching' || state.phase === 'recovering');
    expect(this.inAudience).toBe(state.phase !== 'over' && state.phase !== 'ended');
    expect(this.movesTold).toBe(this.#epoch - 1);
    if (state.phase === 'over') expect(this.closedTold).toBe(1);
    expect(this.closedTold).toBeLessThanOrEqual(1);
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
