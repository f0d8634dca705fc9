import { roomStateOf, type Participant, type Track } from '@skein/protocol';
import { silentLogger } from '@skein/telemetry';
import { describe, expect, test } from 'vitest';
import type { ClientTransport } from '../media/engine.ts';
import { Publications } from './publications.ts';
import type { RoomAnnouncer, SessionName, SessionRoom } from './session-room.ts';

const ann: SessionName = { sessionId: 'ses_2', identity: 'ann', epoch: 2 };

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
    state: roomStateOf({ room: 'room', version: 1, participants, tracks: [...tracks] }),
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
  test('that did not come along are taken away; those of others and of this session stay', () => {
    const { publications, unpublished } = moved([
      track('left-behind'),
      track('came-along', { epoch: 2 }),
      track('of-another', { identity: 'bob' }),
    ]);
    publications.dropLeftBehind();
    expect(unpublished).toEqual(['left-behind by ann 2: not-moved']);
  });

  test('can be unpublished before they were published again', async () => {
    const { publications, unpublished } = moved([track('mic'), track('cam', { identity: 'bob' })]);
    await publications.unpublish('mic');
    await publications.unpublish('cam');
    expect(unpublished).toEqual(['mic by ann 2: unpublished']);
  });
});
