import type { Placed } from '@skein/cluster';
import type { ClientResponse, Participant, RoomSnapshot, RoomState, SessionRef } from '@skein/protocol';
import type { RoomPage } from './pages.ts';

/** Follows what the room's state says of one client's session. */
export interface SessionWatcher {
  /** Whether this entry of the room is a session of the same client, and not a takeover. */
  owns(participant: Participant): boolean;
  /** The room shows a later session of the identity, which belongs to another client. */
  handleSuperseded(): void;
  /** The room shows that the participant has left, with the session of `epoch`. */
  handleLeft(epoch: number, reason: string): void;
}

/** One client's membership in a room at this gateway. */
export interface RoomMembership {
  /** The room as this gateway holds it, in step with the store; `undefined` while it does not follow the room. */
  readonly known: RoomState | undefined;
  /** Viewers in the room, as last heard. */
  readonly viewers: number | undefined;
  /** Applies what placing this client changed; returns the state to answer with: no older than any event sent. */
  apply(placed: Placed): RoomSnapshot;
  /** The client gets every change from now on. Call it in the turn that makes the client's answer. */
  follow(): void;
  /**
   * For a client that holds `version` already: the missing changes, or the whole state; no older than any event sent.
   * The client gets every change from then on. This gateway's feed answers; the store is read only for what the feed lacks.
   */
  catchUp(version: number): Promise<ClientResponse<'sync'>>;
  /** A page of the state that was last published to the whole room, if it has that version and is still held. */
  page(version: number, page: number): RoomPage | undefined;
  /** Notifies `watcher` when the room's state shows that this session is over. `false`: it is over already. */
  watch(ref: SessionRef, watcher: SessionWatcher): boolean;
  /** No more events. Safe to repeat; the last member of a room releases its feed. */
  leave(): void;
}
