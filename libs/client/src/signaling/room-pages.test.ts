import type { ClientResponse, Participant, RoomSnapshot, VersionedChange } from '@skein/protocol';
import { describe, expect, it } from 'vitest';
import { SkeinClientError } from '../errors/client-error.ts';
import { participant, track } from '../testing/client-harness.ts';
import { wholeRoom, wholeState, type SendRequest } from './room-pages.ts';

const person = (n: number): Participant => participant(`p${n}`);
const first = (version: number, pages: number): RoomSnapshot => ({
  ...{ room: 'big', version, participants: [person(0)], tracks: [], viewers: 7 },
  ...(pages > 1 && { pages }),
});
const left = (version: number): VersionedChange => ({
  version,
  change: { type: 'participantLeft', identity: `p${version}`, epoch: 1, reason: 'left' },
});

function gateway(answers: {
  readonly page?: (version: number, page: number) => ClientResponse<'roomPage'>;
  readonly sync?: (version: number) => ClientResponse<'sync'>;
}) {
  const requests: string[] = [];
  let inFlight = 0;
  let most = 0;
  const send = (async (method: string, { version, page = 0 }: { version: number; page?: number }) => {
    requests.push(`${method} ${version} ${page}`);
    most = Math.max(most, ++inFlight);
    await Promise.resolve();
    inFlight--;
    return method === 'sync' ? answers.sync?.(version) : answers.page?.(version, page);
  }) as unknown as SendRequest;
  return { send, requests, mostInFlight: () => most };
}

const notHeld = (): never => {
  throw new SkeinClientError('INVALID_ARGUMENT', 'no page of that version is held here any more');
};

describe('wholeRoom', () => {
  it('assembles the pages in order, with a bounded number of requests', async () => {
    const { send, mostInFlight } = gateway({
      page: (_, page) => ({
        participants: page < 5 ? [person(page)] : [],
        tracks: page < 5 ? [] : [track('t', 'p1')],
      }),
    });
    const room = await wholeRoom(first(9, 6), send);
    expect(room.participants.map(({ identity }) => identity)).toEqual(['p0', 'p1', 'p2', 'p3', 'p4']);
    expect(room).toMatchObject({ version: 9, viewers: 7, tracks: [{ trackId: 't' }] });
    expect(room).not.toHaveProperty('pages');
    expect(mostInFlight()).toBe(2);
  });

  it('requests the state again when the gateway no longer has its pages', async () => {
    const { send, requests } = gateway({
      page: (version, page) => (version === 9 ? notHeld() : { participants: [person(page)], tracks: [] }),
      sync: () => ({ snapshot: first(12, 3) }),
    });
    const room = await wholeRoom(first(9, 3), send);
    expect([room.version, room.participants.length]).toEqual([12, 3]);
    expect(requests.filter((one) => one.startsWith('sync'))).toEqual(['sync 0 0']);
  });

  it('fails when the pages are gone after each of three attempts', async () => {
    const { send } = gateway({ page: notHeld, sync: () => ({ snapshot: first(12, 3) }) });
    await expect(wholeRoom(first(9, 3), send)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('sends no request when the first page is the whole state', async () => {
    const { send, requests } = gateway({});
    expect(await wholeRoom(first(9, 1), send)).toEqual(first(9, 1));
    expect(requests).toEqual([]);
  });
});

describe('wholeState', () => {
  it('requests changes until no more follow', async () => {
    const { send, requests } = gateway({
      sync: (version) =>
        version < 6 ? { changes: [left(version + 1)], more: true } : { changes: [left(version + 1)] },
    });
    const state = await wholeState({ changes: [left(4), left(5)], more: true }, send);
    expect(state).toEqual({ changes: [left(4), left(5), left(6), left(7)] });
    expect(requests).toEqual(['sync 5 0', 'sync 6 0']);
  });

  it('accepts a state in pages after changes', async () => {
    const { send } = gateway({
      sync: () => ({ snapshot: first(30, 2) }),
      page: () => ({ participants: [person(1)], tracks: [] }),
    });
    const state = await wholeState({ changes: [left(4)], more: true }, send);
    expect(state).toMatchObject({ snapshot: { version: 30, participants: [{}, {}] } });
  });
});
