import { describe, expect, it } from 'vitest';
import {
  grantsOfRole,
  parseInput,
  sessionMethods,
  type Participant,
  type TransportRequest,
} from './index.ts';

const entry: Participant = {
  ...{ identity: 'ada', name: 'Ada', sessionId: 'ses_1', nodeId: 'node-1', epoch: 7, joinedAtMs: 1 },
};
const opening = {
  identity: 'ada',
  roomVersion: 1,
  rtpCapabilities: { codecs: [] },
  autoSubscribe: true,
  grants: grantsOfRole.participant,
  transports: [{ direction: 'send' }, { direction: 'receive' }],
};

const parse = (request: object): unknown => parseInput(sessionMethods.open.request, request);
const refusal = (field: string): unknown =>
  expect.objectContaining({ code: 'INVALID_ARGUMENT', details: { field } });

describe('an open request', () => {
  it.each<TransportRequest['direction'][][]>([
    [['send', 'receive']],
    [['receive', 'send']],
    [['send']],
    [['receive']],
    [['both']],
  ])('may name the transports %j', (directions) => {
    const transports = directions.map((direction) => ({ direction }));
    expect(parse({ ...opening, transports })).toMatchObject({ transports });
  });

  it.each([
    [[]],
    [['send', 'send']],
    [['both', 'send']],
    [['both', 'receive']],
    [['send', 'receive', 'receive']],
  ])('is rejected with the transports %j', (directions) => {
    const transports = directions.map((direction) => ({ direction }));
    expect(() => parse({ ...opening, transports })).toThrow(refusal('data.transports'));
  });

  it.each(['transports', 'grants'])('of an earlier version, without %s, is rejected', (field) => {
    expect(() => parse({ ...opening, [field]: undefined })).toThrow(refusal(`data.${field}`));
  });

  it('carries the entry of a viewer, which the state of the room does not list', () => {
    const viewer = { ...opening, grants: grantsOfRole.viewer };
    expect(parse({ ...viewer, entry })).toMatchObject({ entry });
    expect(() => parse(viewer)).toThrow(refusal('data.entry'));
  });

  it('carries no entry of a participant, which the state of the room lists', () => {
    expect(() => parse({ ...opening, entry })).toThrow(refusal('data.entry'));
  });
});
