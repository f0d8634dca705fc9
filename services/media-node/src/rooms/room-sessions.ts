import type { Participant, RoomChange, RoomState } from '@skein/protocol';
import type { Logger } from '@skein/telemetry';
import type { HeldSession } from '../sessions/session-room.ts';
import type { Session } from '../sessions/session.ts';

/** One room's sessions on this node, and what the room's state means for them. */
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

  /** What the room's state is to show of them. */
  get held(): readonly HeldSession[] {
    return this.all.flatMap(({ held }) => (held ? [held] : []));
  }

  add(session: Session): void {
    this.#sessions.set(session.name.sessionId, session);
  }

  remove(session: Session): void {
    if (this.#sessions.get(session.name.sessionId) === session) this.#sessions.delete(session.name.sessionId);
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
          if (session.name.epoch > change.epoch) continue;
          if (change.reason === 'superseded') supersede(session);
          else void session.end('removed', { leave: false, tell: 'removed' });
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

  /** A state without our participants is not taken for their removal: the store may have lost it. */
  onReplaced(state: RoomState | undefined): void {
    for (const participant of state?.participants.values() ?? []) {
      for (const session of this.#olderThan(participant)) {
        if (isInTransit(session, state)) session.movedAway();
        else supersede(session);
      }
    }
  }

  /** Whether the state lacks a participant that is here. */
  missingIn(state: RoomState | undefined): boolean {
    return this.held.some(
      ({ role, entry: { identity, epoch } }) =>
        role === 'participant' && (state?.participants.get(identity)?.epoch ?? -1) < epoch,
    );
  }

  /** The viewers that are here and not leaving. */
  get viewers(): readonly Participant[] {
    return this.held.flatMap(({ role, entry }) => (role === 'viewer' ? [entry] : []));
  }

  /**
   * What the store has of viewers that are here: who was placed again since follows. Returns whether it lacks one of
   * those that were `asked` for.
   */
  onViewers(asked: readonly Participant[], stored: readonly Participant[]): boolean {
    for (const viewer of stored) for (const session of this.#olderThan(viewer)) session.movedAway();
    const has = new Map(stored.map(({ identity, epoch }) => [identity, epoch]));
    return asked.some(({ identity, epoch }) => (has.get(identity) ?? -1) < epoch);
  }

  /** The router is gone with its worker. The gateways place the participants again, with the tracks they show. */
  routerLost(routerId: string): void {
    for (const session of this.all) {
      if (session.routerId === routerId)
        void session.end('worker-died', { leave: 'unlessMoved', tell: 'worker-died' });
    }
  }

  /** The sessions that the participant had before it was placed again. */
  #olderThan({ identity, epoch }: Participant): readonly Session[] {
    return this.#of(identity).filter(({ name }) => name.epoch < epoch);
  }

  #of(identity: string): readonly Session[] {
    return this.all.filter(({ name }) => name.identity === identity);
  }

  /** Who mutes a track while it moves mutes what others still hear of it too. */
  #followMuted(trackId: string, muted: boolean): void {
    for (const { leaving, media } of this.all) {
      if (!leaving) continue;
      media?.publications
        .followMuted(trackId, muted)
        .catch((error: unknown) =>
          this.#log.warn({ trackId, err: error }, 'a track that moves could not be muted here'),
        );
    }
  }
}

function supersede(session: Session): void {
  void session.end('superseded', { leave: false, tell: 'superseded' });
}

/** A state that came as a whole does not say whether a participant moved or joined again: a move keeps its tracks. */
function isInTransit({ name }: Session, state: RoomState | undefined): boolean {
  const tracks = [...(state?.tracks.values() ?? [])];
  return tracks.some(({ identity, epoch }) => identity === name.identity && epoch === name.epoch);
}
