import { roomStateOf, type Participant, type SessionRef, type Track } from '@skein/protocol';
import { Emitter } from '@skein/runtime';
import { silentLogger } from '@skein/telemetry';
import { describe, expect, it } from 'vitest';
import type { ClientTransport, MediaSource } from '../media/engine.ts';
import { audioParameters } from '../testing/rtp-parameters.ts';
import { Publications } from './publications.ts';
import type { RoomAnnouncer, RoomStateView, SessionRoom, SessionRoomMedia } from './session-room.ts';

const ann: SessionRef = { room: 'r', identity: 'ann', sessionId: 'ses_2', epoch: 2, nodeId: 'n1' };

function track(trackId: string, given: Partial<Track> = {}): Track {
  return {
    ...{ trackId, identity: 'ann', epoch: 1, nodeId: 'other', routerId: 'r' },
    ...{ kind: 'audio', source: 'microphone', muted: false, mimeType: 'audio/opus' },
    ...{ spatialLayers: 1, temporalLayers: 1 },
    ...given,
  };
}

/** A participant that has just moved here, and what the room's state still shows of it. */
function moved(tracks: readonly Track[]): { publications: Publications; unpublished: string[] } {
  const unpublished: string[] = [];
  const announce: Partial<RoomAnnouncer> = {
    unpublished: async (session, trackId, reason, isGone) => {
      if (isGone()) unpublished.push(`${trackId} by ${session.identity} ${session.epoch}: ${reason}`);
    },
  };
  const participants: Participant[] = [];
  const room: Partial<SessionRoom> = {
    name: 'room',
    log: silentLogger,
    view: {
      state: roomStateOf({ room: 'room', version: 1, participants, tracks: [...tracks] }),
    } as RoomStateView,
    announce: announce as RoomAnnouncer,
  };
  const publications = new Publications({
    session: ann,
    room: room as SessionRoom,
    routerId: 'here',
    transport: {} as ClientTransport,
    signal: new AbortController().signal,
  });
  return { publications, unpublished };
}

describe('tracks of a participant that moved here', () => {
  it('tracks that were not republished after a move are removed; others stay', () => {
    const { publications, unpublished } = moved([
      track('left-behind'),
      track('came-along', { epoch: 2 }),
      track('of-another', { identity: 'bob' }),
    ]);
    publications.dropLeftBehind();
    expect(unpublished).toEqual(['left-behind by ann 2: not-moved']);
  });

  it('tracks in transit can be unpublished', async () => {
    const { publications, unpublished } = moved([track('mic'), track('cam', { identity: 'bob' })]);
    await publications.unpublish('mic');
    await publications.unpublish('cam');
    expect(unpublished).toEqual(['mic by ann 2: unpublished']);
  });
});

/** A source whose worker answers when it is told to. */
function slowSource() {
  const owed: (() => void)[] = [];
  let muted = false;
  const source = {
    ...{ kind: 'audio', mimeType: 'audio/opus', layers: { spatial: 1, temporal: 1 }, closed: false },
    events: new Emitter(),
    get muted() {
      return muted;
    },
    setMuted: (to: boolean) =>
      new Promise<void>((resolve) => {
        owed.push(() => {
          muted = to;
          resolve();
        });
      }),
  } as unknown as MediaSource;
  const answer = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn++) {
      owed.shift()?.();
      await Promise.resolve();
    }
  };
  return { source, answer };
}

it('the last of concurrent mutes and unmutes wins, also in the room`s state', async () => {
  const { source, answer } = slowSource();
  const announced: boolean[] = [];
  const announce = {
    published: async () => {},
    muted: async (_: SessionRef, __: string, from: MediaSource) => void announced.push(from.muted),
  } as unknown as RoomAnnouncer;
  const room: Partial<SessionRoom> = {
    ...{ name: 'room', nodeId: 'here', log: silentLogger, announce },
    media: { addSource: () => {} } as Partial<SessionRoomMedia> as SessionRoomMedia,
    view: {
      state: roomStateOf({
        ...{ room: 'room', version: 1, participants: [] },
        tracks: [track('mic', { epoch: 2 })],
      }),
    } as RoomStateView,
  };
  const transport = { receive: async () => source } as unknown as ClientTransport;
  const { signal } = new AbortController();
  const publications = new Publications({
    ...{ session: ann, room: room as SessionRoom, routerId: 'here', transport, signal },
  });
  const rtpParameters = audioParameters({ ssrc: 1 });
  const media = { trackId: 'mic', kind: 'audio', source: 'microphone', rtpParameters, muted: false } as const;
  await publications.publish(media);
  for (const last of [false, true, false]) {
    const wishes = [!last, last, !last, last].map((muted) => publications.setMuted('mic', muted));
    await answer();
    await Promise.all(wishes);
    expect(source.muted).toBe(last);
    expect(announced.at(-1)).toBe(last);
  }
});
