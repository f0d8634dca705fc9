import type { ClientEventName } from '@skein/protocol';
import type { EventOf, RoomFollower } from '../rooms/room-channel.ts';

/** An event for one client, before its edge encodes it. */
export type ClientNotification = EventOf<ClientEventName>;

/** Why the gateway ends a client's connection. `gatewayStopping`: the client may resume at another gateway. */
export type DisconnectReason = 'gatewayStopping';

/**
 * A client's connection as the gateway's core uses it; each edge implements it for its wire. No call blocks or throws, also
 * after the connection has closed; then it does nothing. An edge bounds what it queues for a client, and lets a participant
 * whose client reads too slowly leave as `lost`, so that the client can resume.
 */
export interface ClientPort extends RoomFollower {
  /** Sends an event to this client, in order with those of the channels that it follows. */
  notify(event: ClientNotification): void;
  /** Lets the participant, if there is one, leave as `lost`, then ends the connection. */
  disconnect(reason: DisconnectReason): void;
}
