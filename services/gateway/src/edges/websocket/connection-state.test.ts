import { describe, expect, it } from 'vitest';
import type { GatewayParticipant } from '../../participants/entrance.ts';
import { type ConnectionState, stepConnection } from './connection-state.ts';

const participant = {} as GatewayParticipant;
const abort = new AbortController();
const open: ConnectionState = { kind: 'open' };
const entering: ConnectionState = { kind: 'entering', abort, isLate: false };
const inRoom: ConnectionState = { kind: 'inRoom', participant };
const closed: ConnectionState = { kind: 'closed', reason: 'left' };

describe('the state of a connection', () => {
  it('a connection goes from open through entering to inRoom', () => {
    const started = stepConnection(open, { type: 'enterStarted', abort });
    expect(started).toEqual(entering);
    expect(stepConnection(started, { type: 'entered', participant })).toEqual(inRoom);
  });

  it('a failed join reopens a connection unless its deadline has passed', () => {
    expect(stepConnection(entering, { type: 'enterFailed' })).toEqual(open);
    const late = stepConnection(entering, { type: 'joinDeadline' });
    expect(late).toEqual({ ...entering, isLate: true });
    expect(stepConnection(late, { type: 'entered', participant })).toEqual(inRoom);
    expect(stepConnection(late, { type: 'enterFailed' })).toEqual({ kind: 'closed', reason: 'join-timeout' });
  });

  it('the join deadline closes a connection only before it is in a room', () => {
    expect(stepConnection(open, { type: 'joinDeadline' })).toEqual({
      kind: 'closed',
      reason: 'join-timeout',
    });
    expect(stepConnection(inRoom, { type: 'joinDeadline' })).toBe(inRoom);
  });

  it.each([entering, inRoom])('a connection does not start a join in $kind', (state) => {
    expect(stepConnection(state, { type: 'enterStarted', abort })).toBe(state);
  });

  it.each([open, entering, inRoom])('a connection closes in $kind', (state) => {
    expect(stepConnection(state, { type: 'closed', reason: 'left' })).toEqual(closed);
  });

  it('a closed connection stays closed', () => {
    expect(stepConnection(closed, { type: 'entered', participant })).toBe(closed);
    expect(stepConnection(closed, { type: 'closed', reason: 'again' })).toBe(closed);
  });
});
