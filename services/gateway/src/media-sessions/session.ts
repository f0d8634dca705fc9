import type { ClientResponse, SessionRef } from '@skein/protocol';
import type { SessionSubscription } from './session-events.ts';

/** A media session as this gateway holds it for its client. */
export interface SessionHandle {
  readonly ref: SessionRef;
  /** Numbers the gateways that held the session, as its node counts them; the highest one holds it now. */
  readonly attachment: number;
  readonly events: SessionSubscription;
}

/** What a client needs to take up a session: ids, resume token, transports, subscriptions, ICE servers. */
export type SessionSetup = Omit<ClientResponse<'join'>, 'identity' | 'room'>;

/** How a client left: it said so, its page closed the connection, or the connection was lost and may come back. */
export type Departure = 'left' | 'closed' | 'lost';
