import { describe, expect, test } from 'vitest';
import { aSession } from '../testing/a-session.ts';
import { stepStay } from './participant-state.ts';
import type { StayCommand, StayEvent, StayState } from './participant-state.ts';

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
