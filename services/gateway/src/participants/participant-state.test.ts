import { describe, expect, it } from 'vitest';
import { aSession, opened } from '../testing/session-handle.ts';
import {
  type ParticipantCommand,
  type ParticipantEvent,
  type ParticipantState,
  stepParticipant,
} from './participant-state.ts';

const [first, second] = [aSession(1), aSession(2)];
const settled: ParticipantState = { kind: 'settled', session: first };
const requested: ParticipantEvent = { type: 'moveRequested', sessionId: 'ses_1', reason: 'drain' };
const lost: ParticipantEvent = { type: 'sessionLost', sessionId: 'ses_1', reason: 'node-died' };

/** The states and commands of several events, one after another. */
function after(
  state: ParticipantState,
  ...events: ParticipantEvent[]
): { state: ParticipantState; commands: ParticipantCommand[] } {
  const commands: ParticipantCommand[] = [];
  for (const event of events) {
    const step = stepParticipant(state, event);
    state = step.state;
    commands.push(...step.commands);
  }
  return { state, commands };
}

describe('a participant', () => {
  it('a switch closes the earlier session only when the client is ready', () => {
    const asked = after(settled, requested);
    expect(asked.commands).toEqual([
      { type: 'startMigration', mode: 'switch', from: first, reason: 'drain' },
    ]);
    const moved = after(asked.state, { type: 'moved', opened: opened(second) });
    expect(moved.commands).toEqual([
      { type: 'notifyMoved', mode: 'switch', reason: 'drain', opened: opened(second) },
    ]);
    const early = after(moved.state, { type: 'handedOver', epoch: 1 });
    expect(early).toEqual({ state: moved.state, commands: [] });
    const ready = after(moved.state, { type: 'handedOver', epoch: 2 });
    expect(ready.state).toEqual({ kind: 'settled', session: second });
    expect(ready.commands).toEqual([{ type: 'closeMoved', session: first }]);
  });

  it('a switch that did not begin changes nothing', () => {
    const { state, commands } = after(settled, requested, { type: 'moveFailed', failure: 'notBegun' });
    expect(state).toEqual(settled);
    expect(commands).toHaveLength(1);
  });

  it('a lost session is rebuilt without notifying its client before', () => {
    const { state, commands } = after(settled, lost);
    expect(state).toEqual({ kind: 'recovering', session: first, reason: 'node-died' });
    expect(commands).toEqual([
      { type: 'unsubscribe', session: first },
      { type: 'startMigration', mode: 'rebuild', from: first, reason: 'node-died' },
    ]);
    const moved = after(state, { type: 'moved', opened: opened(second) });
    expect(moved.commands).toEqual([
      { type: 'notifyMoved', mode: 'rebuild', reason: 'node-died', opened: opened(second) },
    ]);
  });

  it('a session lost during a switch expedites it, or is rebuilt', () => {
    const { state, commands } = after(settled, requested, lost);
    expect(commands.at(-1)).toEqual({ type: 'expediteMigration' });
    const moved = after(state, { type: 'moved', opened: opened(second) });
    expect(moved.commands).toMatchObject([{ type: 'notifyMoved', mode: 'rebuild', reason: 'node-died' }]);
    const again = after(state, { type: 'moveFailed', failure: 'notBegun' });
    expect(again.commands).toMatchObject([{ type: 'startMigration', mode: 'rebuild', reason: 'node-died' }]);
  });

  it('a rebuild plan is kept until a migration has begun', () => {
    const rebuild = { kind: 'rebuild', afterMs: 300, avoidedNodeIds: ['node-1'] } as const;
    const mediaLost: ParticipantEvent = { ...lost, reason: 'media-timeout', rebuild };
    const alone = after(settled, mediaLost);
    expect(alone.commands.at(-1)).toMatchObject({ type: 'startMigration', mode: 'rebuild', rebuild });
    const duringSwitch = after(settled, requested, mediaLost, { type: 'moveFailed', failure: 'notBegun' });
    expect(duringSwitch.commands.at(-1)).toMatchObject({ type: 'startMigration', mode: 'rebuild', rebuild });
  });

  it('a participant is over when no node takes it or another join did', () => {
    const gaveUp = after(settled, lost, { type: 'moveFailed', failure: 'givenUp' });
    expect(gaveUp.commands.slice(-2)).toEqual([
      { type: 'leaveRoom' },
      { type: 'notifyClosed', reason: 'node-stopped' },
    ]);
    const superseded = after(settled, requested, { type: 'moveFailed', failure: 'superseded' });
    expect(superseded.state).toMatchObject({ kind: 'over', reason: 'superseded' });
  });

  it('a move requested during a hand-over starts after it', () => {
    const again: ParticipantEvent = { type: 'moveRequested', sessionId: 'ses_2', reason: 'rebalance' };
    const moved: ParticipantEvent = { type: 'moved', opened: opened(second) };
    const { state, commands } = after(settled, requested, moved, again, { type: 'handedOver', epoch: 2 });
    expect(state).toEqual({ kind: 'switching', session: second, reason: 'rebalance' });
    expect(commands.slice(-2)).toEqual([
      { type: 'closeMoved', session: first },
      { type: 'startMigration', mode: 'switch', from: second, reason: 'rebalance' },
    ]);
  });

  it('a participant that another gateway has attached is not closed', () => {
    const { state, commands } = after(
      settled,
      { type: 'takenOver' },
      { type: 'clientGone', departure: 'closed' },
    );
    expect(state.kind).toBe('ended');
    expect(commands).toEqual([{ type: 'unsubscribe', session: first }, { type: 'leaveRoom' }]);
  });

  it('a lost client detaches its session', () => {
    const { commands } = after(settled, { type: 'clientGone', departure: 'lost' });
    expect(commands).toEqual([{ type: 'depart', session: first, departure: 'lost' }, { type: 'leaveRoom' }]);
  });
});
