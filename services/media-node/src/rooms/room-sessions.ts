import type { Participant, RoomChange, RoomState } from '@skein/protocol';
import type { Logger } from '@skein/telemetry';
import type { SessionSnapshot } from '../sessions/session-room.ts';
import type { Session } from '../sessions/session.ts';

/** One room's sessions on this node. Applies the changes of the room's state to them. */
export class RoomSessions {
  readonly #log: Logger;
  readonly #sessions = new Map<string, Session>();

  constructor(log: Logger) {
    this.#log = log;
  }

  get all(): readonly Session[] {
    return [...this.#sessions.values()];
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** The sessions as the room's state should show them. */
  get snapshots(): readonly SessionSnapshot[] {
    return this.all.flatMap(({ snapshot }) => (snapshot ? [snapshot] : []));
  }

  add(session: Session): void {
    this.#sessions.set(session.ref.sessionId, session);
  }

  remove(session: Session): void {
    if (this.#sessions.get(session.ref.sessionId) === session) this.#sessions.delete(session.ref.sessionId);
  }

  onChange(change: RoomChange): void {
    switch (change.type) {
      case 'participantJoined':
        for (const session of this.#olderThan(change.participant)) supersede(session);
        return;
      case 'participantMoved':
        for (const session of this.#olderThan(change.participant)) session.movedAway();
        return;
      case 'participantLeft':
        for (const session of this.#of(change.identity)) {
          if (session.ref.epoch > change.epoch) continue;
          if (change.reason === 'superseded') supersede(session);
          else void session.end('removed', { leave: false, notify: 'removed' });
        }
        return;
      case 'trackPublished':
        return this.#followMuted(change.track.trackId, change.track.muted);
      case 'trackUpdated':
        return this.#followMuted(change.trackId, change.muted);
      case 'participantUpdated':
      case 'trackUnpublished':
    }
  }

  /** A state without our participants does not mean their removal: the store may have lost its data. */
  onReplaced(state: RoomState | undefined): void {
    for (const participant of state?.participants.values() ?? []) {
      for (const session of this.#olderThan(participant)) {
        if (isInTransit(session, state)) session.movedAway();
        else supersede(session);
      }
    }
  }

  /** Whether the state lacks a participant of this node. */
  missingIn(state: RoomState | undefined): boolean {
    return this.snapshots.some(
      ({ role, participant: { identity, epoch } }) =>
        role === 'participant' && (state?.participants.get(identity)?.epoch ?? -1) < epoch,
    );
  }

  /** The viewers on this node that are not leaving. */
  get viewers(): readonly Participant[] {
    return this.snapshots.flatMap(({ role, participant }) => (role === 'viewer' ? [participant] : []));
  }

  /**
   * Applies the store's records of this node's viewers: sessions with a newer placement elsewhere leave. Returns whether
   * the store lacks one of the `asked` viewers.
   */
  onViewers(asked: readonly Participant[], stored: readonly Participant[]): boolean {
    for (const viewer of stored) for (const session of this.#olderThan(viewer)) session.movedAway();
    const has = new Map(stored.map(({ identity, epoch }) => [identity, epoch]));
    return asked.some(({ identity, epoch }) => (has.get(identity) ?? -1) < epoch);
  }

  /** The router died with its worker. The gateways place the participants again, and the tracks stay shown. */
  routerLost(routerId: string): void {
    for (const session of this.all) {
      if (session.routerId === routerId)
        void session.end('worker-died', { leave: 'unlessMoved', notify: 'worker-died' });
    }
  }

  /** The participant's sessions of earlier placements. */
  #olderThan({ identity, epoch }: Participant): readonly Session[] {
    return this.#of(identity).filter(({ ref }) => ref.epoch < epoch);
  }

  #of(identity: string): readonly Session[] {
    return this.all.filter(({ ref }) => ref.identity === identity);
  }

  /** Applies a mute during a migration to the old session as well: others still hear its track. */
  #followMuted(trackId: string, muted: boolean): void {
    for (const { leaving, media } of this.all) {
      if (!leaving) continue;
      media?.publications
        .followMuted(trackId, muted)
        .catch((error: unknown) =>
          this.#log.warn(
            { event: 'track.mute-failed', trackId, err: error },
            'muting the old copy of a migrating track failed',
          ),
        );
    }
  }
}

function supersede(session: Session): void {
  void session.end('superseded', { leave: false, notify: 'superseded' });
}

/** A whole state does not show whether a participant moved or joined again: a move keeps its tracks. */
function isInTransit({ ref }: Session, state: RoomState | undefined): boolean {
  const tracks = [...(state?.tracks.values() ?? [])];
  return tracks.some(({ identity, epoch }) => identity === ref.identity && epoch === ref.epoch);
}
