import type { RoomStore, RoomWrite } from '@skein/cluster';
import { SkeinError, type SessionRef, type VersionedChange, type Viewership } from '@skein/protocol';
import type { Logger } from '@skein/telemetry';
import type { HeldSession, RoomAnnouncer } from '../sessions/session-room.ts';
import type { Outbox } from './outbox.ts';
import type { Paced } from './throttle.ts';

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
  const announce = (held: readonly HeldSession[], knownVersion: number | undefined): Promise<RoomWrite> =>
    rooms.announce(room, {
      participants: held.flatMap(({ role, entry }) => (role === 'participant' ? [entry] : [])),
      viewers: held.flatMap(({ role, entry }) => (role === 'viewer' ? [entry] : [])),
      tracks: held.flatMap(({ tracks }) => tracks),
      // The clock of a store that takes over may be behind.
      knownVersion,
    });
  // One that the store refuses must not keep the others out of the room's state.
  const announceEach = async (
    held: readonly HeldSession[],
    knownVersion: number | undefined,
  ): Promise<RoomWrite> => {
    const changes: VersionedChange[] = [];
    const refused: SkeinError[] = [];
    let viewership: Viewership | undefined;
    for (const one of held) {
      try {
        const write = await announce([one], knownVersion);
        changes.push(...write.changes);
        viewership = write.viewership ?? viewership;
      } catch (thrown) {
        const error = SkeinError.from(thrown);
        if (error.code === 'UNAVAILABLE') throw error;
        refused.push(error);
      }
    }
    if (refused.length > 0)
      log.warn({ room, count: refused.length, err: refused[0] }, 'sessions could not be announced');
    return { changes, viewership };
  };
  const sessionKey = ({ identity, epoch }: SessionRef): string => `${epoch} ${identity}`;
  return {
    published: async ({ sessionId }, track) =>
      onWritten(room, await rooms.publishTrack(room, sessionId, track)),
    muted: (session, trackId, source) =>
      paced.run(`${trackId} ${room}`, async () => {
        await outbox.deliver(room, `muted ${trackId}`, () =>
          rooms.updateTrack(room, session, trackId, source.muted),
        );
      }),
    connection: (session, connection) =>
      paced.run(`connection ${sessionKey(session)} ${room}`, () =>
        taken('connection', sessionKey(session), () => rooms.updateConnection(room, session, connection())),
      ),
    unpublished: (session, trackId, reason, isGone) =>
      taken('unpublished', trackId, async () =>
        isGone() ? await rooms.unpublishTrack(room, session, trackId, reason) : NOTHING_WRITTEN,
      ),
    held: (sessions, knownVersion) =>
      taken('held', 'sessions', async () => {
        const held = sessions();
        if (held.length === 0) return NOTHING_WRITTEN;
        try {
          return await announce(held, knownVersion());
        } catch (error) {
          if (held.length === 1 || SkeinError.from(error).code === 'UNAVAILABLE') throw error;
          return await announceEach(held, knownVersion());
        }
      }),
    leftUnlessMoved: (session, reason) =>
      outbox.deliverLater(room, `left ${sessionKey(session)}`, PLACED_AGAIN_WITHIN_MS, () =>
        rooms.leave(room, session, reason),
      ),
    left: (session, reason) => taken('left', sessionKey(session), () => rooms.leave(room, session, reason)),
  };
}
