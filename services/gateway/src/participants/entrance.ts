import type {
  ClientRequest,
  ClientResponse,
  JoinRequest,
  SessionMethod,
  SessionRef,
  SessionRequest,
  SessionResponse,
} from '@skein/protocol';
import type { Departure } from '../media-sessions/session.ts';
import type { Credentials } from './admission.ts';
import type { ClientPort } from './client-port.ts';

/** The way into rooms, for the clients of every edge. */
export interface Entrance {
  /**
   * Admits the client and joins it to a room. Everything done so far is undone when it fails, or when `signal` aborts
   * meanwhile. Fails with the error of the admission, of the store, or of the last node that was tried.
   */
  join(request: JoinRequest, from: Entering): Promise<Entered<ClientResponse<'join'>>>;
  /**
   * Resumes a session whose client lost its connection, here or at another gateway. Media is not touched. It needs the
   * session's node, but neither the store nor a placement. Fails `SESSION_NOT_FOUND` or `STALE_EPOCH` when the session is
   * over, `SESSION_NOT_FOUND` when it is another client's, `UNAVAILABLE` or `DEADLINE_EXCEEDED` when its node does not answer.
   */
  resume(request: ResumeRequest, from: Entering): Promise<Entered<ClientResponse<'resume'>>>;
}

/** What a client asks for when it resumes. */
export type ResumeRequest = Readonly<Omit<ClientRequest<'resume'>, 'protocolVersion'>>;

/** The client that enters. */
export interface Entering {
  readonly port: ClientPort;
  readonly credentials: Credentials;
  /** Aborted when the client's connection closes. */
  readonly signal: AbortSignal;
}

/** The client is in the room. Its edge starts `participant` when the client has `response`. */
export interface Entered<Response> {
  readonly response: Response;
  readonly participant: GatewayParticipant;
}

/** One client in one room, as its edge may call it. */
export interface GatewayParticipant {
  /** The current session, or the last one. */
  readonly session: SessionRef;
  /** The client has its session: it gets the session's events from now on. */
  start(): void;
  /** Fails `STALE_EPOCH` when the participant's sessions are over. */
  check(): void;
  /**
   * Sends a request to the current session's node. Fails `STALE_EPOCH` when the request names an earlier session, or the
   * sessions are over, `PERMISSION_DENIED` when the grants do not allow the method, else with the node's error.
   */
  request<Method extends SessionMethod>(
    method: Method,
    data: SessionRequest<Method>,
  ): Promise<SessionResponse<Method>>;
  /** The changes after `version`, or the room's whole state; the client follows the room from there on. */
  sync(version: number): Promise<ClientResponse<'sync'>>;
  /** Fails `INVALID_ARGUMENT` when that page is not held. */
  roomPage(version: number, page: number): ClientResponse<'roomPage'>;
  /** The client has taken up the session of `epoch`: the earlier one closes. */
  finishMove(epoch: number): void;
  /** The client is gone. Resolves, never rejects, when its node has been notified once. Safe to repeat. */
  leave(departure: Departure): Promise<void>;
}
