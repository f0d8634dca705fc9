import { describe, expect, test } from 'vitest';
import type { Stay } from '../../participants/participant-session.ts';
import { transition } from './connection-state.ts';
import type { ConnectionState } from './connection-state.ts';

const stay = {} as Stay;
const abort = new AbortController();
const open: ConnectionState = { phase: 'open' };
const entering: ConnectionState = { phase: 'entering', abort, late: false };
const inRoom: ConnectionState = { phase: 'inRoom', stay };
const closed: ConnectionState = { phase: 'closed', reason: 'left' };

describe('the state of a connection', () => {
  test('goes from open over entering into the room', () => {
    const started = transition(open, { type: 'enterStarted', abort });
    expect(started).toEqual(entering);
    expect(transition(started, { type: 'entered', stay })).toEqual(inRoom);
  });

  test('is open again after a join that failed, unless the deadline has passed meanwhile', () => {
    expect(transition(entering, { type: 'enterFailed' })).toEqual(open);
    const late = transition(entering, { type: 'joinDeadline' });
    expect(late).toEqual({ ...entering, late: true });
    expect(transition(late, { type: 'entered', stay })).toEqual(inRoom);
    expect(transition(late, { type: 'enterFailed' })).toEqual({ phase: 'closed', reason: 'join-timeout' });
  });

  test('is closed at the join deadline only while no room has been entered', () => {
    expect(transition(open, { type: 'joinDeadline' })).toEqual({ phase: 'closed', reason: 'join-timeout' });
    expect(transition(inRoom, { type: 'joinDeadline' })).toBe(inRoom);
  });

  test.each([entering, inRoom])('does not start a join in $phase', (state) => {
    expect(transition(state, { type: 'enterStarted', abort })).toBe(state);
  });

  test.each([open, entering, inRoom])('can be closed in $phase', (state) => {
    expect(transition(state, { type: 'closed', reason: 'left' })).toEqual(closed);
  });

  test('never leaves closed', () => {
    expect(transition(closed, { type: 'entered', stay })).toBe(closed);
    expect(transition(closed, { type: 'closed', reason: 'again' })).toBe(closed);
  });
});
