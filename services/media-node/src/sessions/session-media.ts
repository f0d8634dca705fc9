import {
  parseInput,
  sessionMethods,
  SkeinError,
  type DtlsParameters,
  type RtpCapabilities,
  type SessionMethod,
  type TransportDirection,
} from '@skein/protocol';
import type { ClientTransport, MediaRouter } from '../media/engine.ts';
import { Publications } from './publications.ts';
import type { SessionName, SessionRoom } from './session-room.ts';
import { Subscriptions } from './subscriptions.ts';

/** What a client asks of its session's media. */
export type MediaMethod = Exclude<SessionMethod, 'open' | 'close' | 'attach' | 'detach' | 'reportMediaLoss'>;

export interface SessionTransports {
  readonly router: MediaRouter;
  readonly send: ClientTransport;
  readonly recv: ClientTransport;
}

export interface SessionMediaParts extends SessionTransports {
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
  readonly #parts: SessionMediaParts;
  readonly #connections = new Map<TransportDirection, Connection>();

  constructor(parts: SessionMediaParts) {
    this.#parts = parts;
    const { session, room, signal, router, send, recv, capabilities } = parts;
    const shared = { session, room, signal };
    this.publications = new Publications({ ...shared, routerId: router.id, transport: send });
    this.subscriptions = new Subscriptions({ ...shared, router, transport: recv, capabilities });
  }

  get offers(): Record<'sendTransport' | 'recvTransport', ClientTransport['offer']> {
    return { sendTransport: this.#parts.send.offer, recvTransport: this.#parts.recv.offer };
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
        return { iceParameters: await this.#parts[direction].restartIce() };
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

  /** A client that lost its gateway before the answer asks again: the same fingerprint is answered the same. */
  async #connect(direction: TransportDirection, dtls: DtlsParameters): Promise<void> {
    const fingerprint = JSON.stringify(dtls);
    const earlier = this.#connections.get(direction);
    if (earlier && earlier.fingerprint !== fingerprint)
      throw new SkeinError('TRANSPORT_STATE', 'this transport is connected already; it is done once');
    const connection = earlier ?? { fingerprint, done: this.#parts[direction].connect(dtls) };
    this.#connections.set(direction, connection);
    await connection.done;
  }
}
