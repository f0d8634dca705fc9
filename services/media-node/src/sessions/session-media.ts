import {
  carries,
  checkPublish,
  parseInput,
  sessionMethods,
  SkeinError,
  type DtlsParameters,
  type Grants,
  type RtpCapabilities,
  type SessionMethod,
  type SessionRef,
  type TransportDirection,
  type TransportRequest,
} from '@skein/protocol';
import type { ClientTransport, MediaRouter } from '../media/engine.ts';
import { SessionError } from './session-errors.ts';
import { Publications } from './publications.ts';
import type { SessionRoom } from './session-room.ts';
import { Subscriptions } from './subscriptions.ts';

/** What a client asks of its session's media. */
export type MediaMethod = Exclude<SessionMethod, 'open' | 'close' | 'attach' | 'detach' | 'reportMediaLoss'>;

export interface SessionTransport extends TransportRequest {
  readonly transport: ClientTransport;
}

export interface SessionTransports {
  readonly router: MediaRouter;
  /** As `open` named them, in the same order. */
  readonly transports: readonly SessionTransport[];
}

export interface SessionMediaParts extends SessionTransports {
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
  readonly #parts: SessionMediaParts;
  readonly #connections = new Map<ClientTransport, Connection>();

  constructor(parts: SessionMediaParts) {
    this.#parts = parts;
    const { session, room, signal, router, capabilities } = parts;
    const shared = { session, room, signal };
    this.publications = new Publications({ ...shared, routerId: router.id, transport: this.#find('send') });
    this.subscriptions = new Subscriptions({
      ...shared,
      router,
      transport: this.#find('recv'),
      capabilities,
    });
  }

  get offers(): ClientTransport['offer'][] {
    return this.#parts.transports.map(({ transport }) => transport.offer);
  }

  /** Runs one request; `data` as it came. */
  async run(method: MediaMethod, data: unknown): Promise<object> {
    switch (method) {
      case 'connectTransport': {
        const { direction, dtlsParameters } = parseInput(sessionMethods.connectTransport.request, data);
        await this.#connect(direction, dtlsParameters);
        return {};
      }
      case 'restartIce': {
        const { direction } = parseInput(sessionMethods.restartIce.request, data);
        return { iceParameters: await this.#transport(direction).restartIce() };
      }
      case 'publish': {
        const request = parseInput(sessionMethods.publish.request, data);
        checkPublish(this.#parts.grants, request.source);
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
    return this.#parts.transports.find((one) => carries(one, wanted))?.transport;
  }

  #transport(wanted: TransportDirection): ClientTransport {
    const found = this.#find(wanted);
    if (!found) throw SessionError.noTransport(wanted);
    return found;
  }

  /** A client that lost its gateway before the answer asks again: the same fingerprint is answered the same. */
  async #connect(direction: TransportDirection, dtls: DtlsParameters): Promise<void> {
    const fingerprint = JSON.stringify(dtls);
    const transport = this.#transport(direction);
    const earlier = this.#connections.get(transport);
    if (earlier && earlier.fingerprint !== fingerprint)
      throw new SkeinError('TRANSPORT_STATE', 'this transport is connected already; it is done once');
    const connection = earlier ?? { fingerprint, done: transport.connect(dtls) };
    this.#connections.set(transport, connection);
    await connection.done;
  }
}
