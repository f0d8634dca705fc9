import type { RoomStore, RoomWrite } from '@skein/cluster';
import type { Logger } from '@skein/telemetry';
import type { RoomAnnouncer, SessionName } from '../sessions/session-room.ts';
import type { Outbox } from './outbox.ts';
import type { Paced } from './paced.ts';

export interface AnnouncerParts {
  readonly rooms: RoomStore;
  readonly outbox: Outbox;
  /** A track's own state is written only so often: everybody in the room is told each time. */
  readonly paced: Paced;
  readonly log: Logger;
  /** Tells everyone, this node first, what a write changed. */
  readonly onWritten: (room: string, write: RoomWrite) => void;
}

/** Of one track, between two writes of its state. */
export const TRACK_STATE_EVERY_MS = 100;

/** How long a gateway may take to place a participant again whose media was lost here: it gives up after 30 s itself. */
const PLACED_AGAIN_WITHIN_MS = 40_000;

const NOTHING_WRITTEN: RoomWrite = { changes: [] };

/** Announcements of one room. What takes away waits for a store that is down; what adds fails. */
export function roomAnnouncer(
  room: string,
  { rooms, outbox, paced, log, onWritten }: AnnouncerParts,
): RoomAnnouncer {
  const taken = async (what: string, key: string, write: () => Promise<RoomWrite>): Promise<void> => {
    try {
      await outbox.deliver(room, `${what} ${key}`, write);
    } catch (error) {
      // Not an outage: the room's state does not show it any more, or shows a newer session's.
      log.info({ room, what, err: error }, 'an announcement was refused');
    }
  };
  const sessionKey = ({ identity, epoch }: SessionName): string => `${epoch} ${identity}`;
  return {
    published: async ({ sessionId }, track) =>
      onWritten(room, await rooms.publishTrack(room, sessionId, track)),
    muted: (session, trackId, source) =>
      paced.run(`${trackId} ${room}`, async () => {
        await outbox.deliver(room, `muted ${trackId}`, () =>
          rooms.updateTrack(room, session, trackId, source.muted),
        );
      }),
    unpublished: (session, trackId, reason, isGone) =>
      taken('unpublished', trackId, async () =>
        isGone() ? await rooms.unpublishTrack(room, session, trackId, reason) : NOTHING_WRITTEN,
      ),
    held: (sessions, knownVersion) =>
      taken('held', 'sessions', () => {
        const held = sessions();
        if (held.length === 0) return Promise.resolve(NOTHING_WRITTEN);
        return rooms.announce(room, {
          participants: held.flatMap(({ role, entry }) => (role === 'participant' ? [entry] : [])),
          viewers: held.flatMap(({ role, entry }) => (role === 'viewer' ? [entry] : [])),
          tracks: held.flatMap(({ tracks }) => tracks),
          // The clock of a store that takes over may be behind.
          knownVersion: knownVersion(),
        });
      }),
    leftUnlessMoved: (session, reason) =>
      outbox.deliverLater(room, `left ${sessionKey(session)}`, PLACED_AGAIN_WITHIN_MS, () =>
        rooms.leave(room, session, reason),
      ),
    left: (session, reason) => taken('left', sessionKey(session), () => rooms.leave(room, session, reason)),
  };
}
