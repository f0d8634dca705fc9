import {
  parseInput,
  sessionMethods,
  SkeinError,
  type DtlsParameters,
  type RtpCapabilities,
  type SessionMethod,
  type TransportDirection,
} from '@skein/protocol';
import { type ClientTransport, type MediaRouter } from '../media/engine.ts';
import { Publications } from './publications.ts';
import { type SessionName, type SessionRoom } from './session-room.ts';
import { Subscriptions } from './subscriptions.ts';

/** The requests about a session's media. */
export type MediaMethod = Exclude<SessionMethod, 'open' | 'close' | 'attach' | 'detach' | 'reportMediaLoss'>;

export interface SessionTransports {
  readonly router: MediaRouter;
  readonly send: ClientTransport;
  readonly recv: ClientTransport;
}

export interface SessionMediaDeps extends SessionTransports {
  readonly session: SessionName;
  readonly room: SessionRoom;
  readonly capabilities: RtpCapabilities;
  /** Aborted when the session ends. */
  readonly signal: AbortSignal;
}

interface Connection {
  readonly fingerprint: string;
  readonly done: Promise<void>;
}

/** An open session's transports, tracks and subscriptions. */
export class SessionMedia {
  readonly publications: Publications;
  readonly subscriptions: Subscriptions;
  readonly #deps: SessionMediaDeps;
  readonly #connections = new Map<TransportDirection, Connection>();

  constructor(deps: SessionMediaDeps) {
    this.#deps = deps;
    const { session, room, signal, router, send, recv, capabilities } = deps;
    const shared = { session, room, signal };
    this.publications = new Publications({ ...shared, routerId: router.id, transport: send });
    this.subscriptions = new Subscriptions({ ...shared, router, transport: recv, capabilities });
  }

  get offers(): Record<'sendTransport' | 'recvTransport', ClientTransport['offer']> {
    return { sendTransport: this.#deps.send.offer, recvTransport: this.#deps.recv.offer };
  }

  /** Handles one request; `data` is not parsed yet. */
  async handle(method: MediaMethod, data: unknown): Promise<object> {
    switch (method) {
      case 'connectTransport': {
        const { direction, dtlsParameters } = parseInput(sessionMethods.connectTransport.request, data);
        await this.#connect(direction, dtlsParameters);
        return {};
      }
      case 'restartIce': {
        const { direction } = parseInput(sessionMethods.restartIce.request, data);
        return { iceParameters: await this.#deps[direction].restartIce() };
      }
      case 'publish':
        return await this.publications.publish(parseInput(sessionMethods.publish.request, data));
      case 'unpublish':
        await this.publications.unpublish(parseInput(sessionMethods.unpublish.request, data).trackId);
        return {};
      case 'setTrackMuted': {
        const { trackId, muted } = parseInput(sessionMethods.setTrackMuted.request, data);
        await this.publications.setMuted(trackId, muted);
        return {};
      }
      case 'subscribe':
        return await this.subscriptions.subscribe(parseInput(sessionMethods.subscribe.request, data));
      case 'subscribeMany':
        return await this.subscriptions.subscribeMany(parseInput(sessionMethods.subscribeMany.request, data));
      case 'updateSubscriptions':
        return await this.subscriptions.update(parseInput(sessionMethods.updateSubscriptions.request, data));
      case 'unsubscribe':
        this.subscriptions.unsubscribe(parseInput(sessionMethods.unsubscribe.request, data).subscriptionId);
        return {};
    }
  }

  close(): void {
    this.subscriptions.close();
    this.publications.close();
  }

  /** A client that lost its gateway before the answer repeats the request: the same fingerprint gets the same answer. */
  async #connect(direction: TransportDirection, dtls: DtlsParameters): Promise<void> {
    const fingerprint = JSON.stringify(dtls);
    const earlier = this.#connections.get(direction);
    if (earlier && earlier.fingerprint !== fingerprint)
      throw new SkeinError('TRANSPORT_STATE', 'this transport is connected already; it is done once');
    const connection = earlier ?? { fingerprint, done: this.#deps[direction].connect(dtls) };
    this.#connections.set(direction, connection);
    await connection.done;
  }
}
