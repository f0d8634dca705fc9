import { describe, expect, test } from 'vitest';
import type { JoinedSession } from '../sessions/session.ts';
import { transition } from './state.ts';
import type { ConnectionState } from './state.ts';

const session: JoinedSession = {
  address: { room: 'blue', identity: 'ada', sessionId: 'ses_1', epoch: 1, nodeId: 'node-1' },
  release: () => {},
};
const abort = new AbortController();
const open: ConnectionState = { phase: 'open' };
const joining: ConnectionState = { phase: 'joining', abort, late: false };
const joined: ConnectionState = { phase: 'joined', session };
const over: ConnectionState = { phase: 'over', session, reason: 'superseded' };
const closed: ConnectionState = { phase: 'closed', reason: 'left' };

describe('the state of a connection', () => {
  test('goes from open over joining to joined', () => {
    const started = transition(open, { type: 'joinStarted', abort });
    expect(started).toEqual(joining);
    expect(transition(started, { type: 'joined', session })).toEqual(joined);
  });

  test('is open again after a join that failed, unless the deadline has passed meanwhile', () => {
    expect(transition(joining, { type: 'joinFailed' })).toEqual(open);
    const late = transition(joining, { type: 'joinDeadline' });
    expect(late).toEqual({ ...joining, late: true });
    expect(transition(late, { type: 'joined', session })).toEqual(joined);
    expect(transition(late, { type: 'joinFailed' })).toEqual({ phase: 'closed', reason: 'join-timeout' });
  });

  test('is closed at the join deadline only while nothing has been joined', () => {
    expect(transition(open, { type: 'joinDeadline' })).toEqual({ phase: 'closed', reason: 'join-timeout' });
    expect(transition(joined, { type: 'joinDeadline' })).toBe(joined);
  });

  test('is over when the cluster ends the session, and stays so', () => {
    expect(transition(joined, { type: 'sessionEnded', reason: 'superseded' })).toEqual(over);
    expect(transition(over, { type: 'sessionEnded', reason: 'removed' })).toBe(over);
  });

  test.each([joining, joined, over])('does not start a join in $phase', (state) => {
    expect(transition(state, { type: 'joinStarted', abort })).toBe(state);
  });

  test.each([open, joining, joined, over])('can be closed in $phase', (state) => {
    expect(transition(state, { type: 'closed', reason: 'left' })).toEqual(closed);
  });

  test('never leaves closed', () => {
    expect(transition(closed, { type: 'joined', session })).toBe(closed);
    expect(transition(closed, { type: 'closed', reason: 'again' })).toBe(closed);
  });
});
