import {
  carries,
  checkPublish,
  parseInput,
  sessionMethods,
  type DtlsParameters,
  type Grants,
  type RtpCapabilities,
  type SessionMethod,
  type SessionRef,
  type TransportDirection,
  type TransportOffer,
  type TransportRequest,
} from '@skein/protocol';
import type { ClientTransport, MediaRouter } from '../media/engine.ts';
import { MediaError } from '../media/media-errors.ts';
import { Publications } from './publications.ts';
import { SessionError } from './session-errors.ts';
import type { SessionRoom } from './session-room.ts';
import { Subscriptions } from './subscriptions.ts';

/** The requests about a session's media. */
export type MediaMethod = Exclude<SessionMethod, 'open' | 'close' | 'attach' | 'detach' | 'reportMediaLoss'>;

/** A transport of a session, with the directions that it was requested for. */
export interface SessionTransport extends TransportRequest {
  readonly transport: ClientTransport;
}

export interface SessionTransports {
  readonly router: MediaRouter;
  /** As `open` requested them, in the same order. */
  readonly transports: readonly SessionTransport[];
}

export interface SessionMediaDeps extends SessionTransports {
  readonly session: SessionRef;
  readonly room: SessionRoom;
  readonly capabilities: RtpCapabilities;
  readonly grants: Grants;
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
  readonly #connections = new Map<ClientTransport, Connection>();

  constructor(deps: SessionMediaDeps) {
    this.#deps = deps;
    const { session, room, signal, router, capabilities } = deps;
    const shared = { session, room, signal };
    const [send, receive] = [this.#find('send'), this.#find('recv')];
    this.publications = new Publications({ ...shared, routerId: router.id, transport: send });
    this.subscriptions = new Subscriptions({ ...shared, router, transport: receive, capabilities });
  }

  /** The offers of the transports, in the order of the request. */
  get offers(): TransportOffer[] {
    return this.#deps.transports.map(({ transport }) => transport.offer);
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
        return { iceParameters: await this.#get(direction).restartIce() };
      }
      case 'publish': {
        const request = parseInput(sessionMethods.publish.request, data);
        checkPublish(this.#deps.grants, request.source);
        return await this.publications.publish(request);
      }
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

  #find(wanted: TransportDirection): ClientTransport | undefined {
    return this.#deps.transports.find((one) => carries(one, wanted))?.transport;
  }

  #get(wanted: TransportDirection): ClientTransport {
    const found = this.#find(wanted);
    if (!found) throw SessionError.noTransport(wanted);
    return found;
  }

  /**
   * Idempotent for the same fingerprint, because a client that lost its gateway before the answer repeats the request, and
   * a transport for both directions is connected through either of them.
   */
  async #connect(direction: TransportDirection, dtls: DtlsParameters): Promise<void> {
    const fingerprint = JSON.stringify(dtls);
    const transport = this.#get(direction);
    const earlier = this.#connections.get(transport);
    if (earlier && earlier.fingerprint !== fingerprint) throw MediaError.alreadyConnected();
    const connection = earlier ?? { fingerprint, done: transport.connect(dtls) };
    this.#connections.set(transport, connection);
    await connection.done;
  }
}
