import { SkeinError } from '@skein/protocol';
import type { Admission, Credentials } from '../../participants/admission.ts';
import type { Clients } from '../../participants/clients.ts';
import { credentialsOf } from '../web/credentials.ts';
import { errorResponse, type HttpHead, type UpgradeDecision } from '../web/http.ts';
import type { EdgeDeps } from '../edge.ts';
import { Connection, type ConnectionDeps, encodeWelcome } from './connection.ts';
import { Heartbeat } from './heartbeat.ts';
import type { ConnectionRates } from './rates.ts';
import { RoomTopics } from './room-topics.ts';
import type { Broadcaster, Socket, SocketHandler } from './socket.ts';

export interface WebSocketEdgeOptions {
  /** Connections at a time; one more is answered with 503. */
  readonly maxConnections: number;
  /** The gateways that a client can fail over to. */
  readonly gatewayUrls: readonly string[];
  readonly joinDeadlineMs: number;
  readonly rates: ConnectionRates;
}

export interface WebSocketEdgeDeps extends EdgeDeps {
  readonly broadcaster: Broadcaster;
}

type Open = (socket: Socket) => SocketHandler;

const FULL_RETRY_MS = 2000;

/** The protocol over WebSocket: decides on upgrades and owns the connections. */
export class WebSocketEdge {
  readonly #maxConnections: number;
  readonly #admission: Admission;
  readonly #clients: Clients;
  readonly #heartbeat: Heartbeat;
  readonly #connectionDeps: ConnectionDeps;
  /** Connections, and upgrades that are being decided. */
  #taken = 0;

  constructor(
    { maxConnections, gatewayUrls, joinDeadlineMs, rates }: WebSocketEdgeOptions,
    { admission, entrance, clients, broadcaster, clock, log }: WebSocketEdgeDeps,
  ) {
    this.#maxConnections = maxConnections;
    this.#admission = admission;
    this.#clients = clients;
    this.#heartbeat = new Heartbeat(clock);
    this.#connectionDeps = {
      ...{ clock, log, entrance, joinDeadlineMs, rates },
      topics: new RoomTopics(broadcaster),
      welcome: encodeWelcome(gatewayUrls),
      onClosed: (connection) => this.#handleClosed(connection),
    };
  }

  /** Called before an upgrade. Never rejects. */
  async upgrade(head: HttpHead): Promise<UpgradeDecision<Open>> {
    if (this.#taken >= this.#maxConnections) return refuseFull();
    const credentials = credentialsOf(head);
    this.#taken++;
    try {
      await this.#admission.admitConnection(credentials);
    } catch (error) {
      this.#taken--;
      return { kind: 'refused', response: errorResponse(SkeinError.from(error)) };
    }
    return {
      kind: 'accepted',
      open: (socket) => this.#open(socket, credentials),
      abandon: () => void this.#taken--,
    };
  }

  close(): void {
    this.#heartbeat.close();
  }

  #open(socket: Socket, credentials: Credentials): SocketHandler {
    const connection = new Connection(socket, credentials, this.#connectionDeps);
    this.#clients.add(connection);
    this.#heartbeat.add(connection);
    return connection;
  }

  #handleClosed(connection: Connection): void {
    this.#taken--;
    this.#heartbeat.remove(connection);
    this.#clients.remove(connection);
  }
}

/** Another gateway may have room. */
function refuseFull(): UpgradeDecision<Open> {
  const message = 'this gateway is at its limit of connections; try another one, or retry later';
  const error = new SkeinError('LIMIT_EXCEEDED', message, { retryAfterMs: FULL_RETRY_MS });
  return { kind: 'refused', response: errorResponse(error, { status: 503 }) };
}
