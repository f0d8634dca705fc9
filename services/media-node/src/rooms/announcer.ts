import type { RoomStore, RoomWrite } from '@skein/cluster';
import { SkeinError, type SessionRef, type VersionedChange, type Viewership } from '@skein/protocol';
import type { Logger } from '@skein/telemetry';
import type { RoomAnnouncer, SessionSnapshot } from '../sessions/session-room.ts';
import type { Outbox } from './outbox.ts';
import type { Throttle } from './throttle.ts';

export interface AnnouncerDeps {
  readonly rooms: RoomStore;
  readonly outbox: Outbox;
  /** Limits the writes of a track's own state, because each one is broadcast to the room. */
  readonly throttle: Throttle;
  readonly log: Logger;
  /** Applies what a write changed, to this node first, and publishes it. */
  readonly onWritten: (room: string, write: RoomWrite) => void;
}

/** Minimum time between two writes of one track's state. */
export const TRACK_STATE_EVERY_MS = 100;

/** How long a gateway may take to place a participant again after its media was lost here; it gives up after 30 s. */
const PLACED_AGAIN_WITHIN_MS = 40_000;

const NOTHING_WRITTEN: RoomWrite = { changes: [] };

/** Announcements of one room. Those that remove wait for a store that is down; those that add fail. */
export function roomAnnouncer(
  room: string,
  { rooms, outbox, throttle, log, onWritten }: AnnouncerDeps,
): RoomAnnouncer {
  const deliver = async (what: string, key: string, write: () => Promise<RoomWrite>): Promise<void> => {
    try {
      await outbox.deliver(room, `${what} ${key}`, write);
    } catch (error) {
      // Not an outage: the room's state does not show it any more, or shows a newer session's.
      log.info({ event: 'announcement.rejected', room, what, err: error }, 'an announcement was rejected');
    }
  };
  const announce = (
    sessions: readonly SessionSnapshot[],
    knownVersion: number | undefined,
  ): Promise<RoomWrite> =>
    rooms.announce(room, {
      participants: sessions.flatMap(({ role, participant }) =>
        role === 'participant' ? [participant] : [],
      ),
      viewers: sessions.flatMap(({ role, participant }) => (role === 'viewer' ? [participant] : [])),
      tracks: sessions.flatMap(({ tracks }) => tracks),
      // The clock of a store after a failover may be behind.
      knownVersion,
    });
  // One session that the store rejects must not keep the others out of the room's state.
  const announceEach = async (
    sessions: readonly SessionSnapshot[],
    knownVersion: number | undefined,
  ): Promise<RoomWrite> => {
    const changes: VersionedChange[] = [];
    const rejected: SkeinError[] = [];
    let viewership: Viewership | undefined;
    for (const one of sessions) {
      try {
        const write = await announce([one], knownVersion);
        changes.push(...write.changes);
        viewership = write.viewership ?? viewership;
      } catch (thrown) {
        const error = SkeinError.from(thrown);
        if (error.code === 'UNAVAILABLE') throw error;
        rejected.push(error);
      }
    }
    if (rejected.length > 0)
      log.warn(
        { event: 'announcement.rejected', room, count: rejected.length, err: rejected[0] },
        'the store rejected sessions of this node',
      );
    return { changes, viewership };
  };
  const sessionKey = ({ identity, epoch }: SessionRef): string => `${epoch} ${identity}`;
  return {
    published: async ({ sessionId }, track) =>
      onWritten(room, await rooms.publishTrack(room, sessionId, track)),
    muted: (session, trackId, source) =>
      throttle.run(`${trackId} ${room}`, async () => {
        await outbox.deliver(room, `muted ${trackId}`, () =>
          rooms.updateTrack(room, session, trackId, source.muted),
        );
      }),
    connection: (session, connection) =>
      throttle.run(`connection ${sessionKey(session)} ${room}`, () =>
        deliver('connection', sessionKey(session), () => rooms.updateConnection(room, session, connection())),
      ),
    unpublished: (session, trackId, reason, isGone) =>
      deliver('unpublished', trackId, async () =>
        isGone() ? await rooms.unpublishTrack(room, session, trackId, reason) : NOTHING_WRITTEN,
      ),
    restore: (snapshots, knownVersion) =>
      deliver('restore', 'sessions', async () => {
        const sessions = snapshots();
        if (sessions.length === 0) return NOTHING_WRITTEN;
        try {
          return await announce(sessions, knownVersion());
        } catch (error) {
          if (sessions.length === 1 || SkeinError.from(error).code === 'UNAVAILABLE') throw error;
          return await announceEach(sessions, knownVersion());
        }
      }),
    leftUnlessMoved: (session, reason) =>
      outbox.deliverLater(room, `left ${sessionKey(session)}`, PLACED_AGAIN_WITHIN_MS, () =>
        rooms.leave(room, session, reason),
      ),
    left: (session, reason) => deliver('left', sessionKey(session), () => rooms.leave(room, session, reason)),
  };
}
