import {
  parseInput,
  sessionMethods,
  type SessionEndReason,
  type SessionMethod,
  type SessionRequest,
  type SessionResponse,
  type TransportDirection,
  limits,
} from '@skein/protocol';
import type { ClientTransport, MediaRouter } from '../media/engine.ts';
import { SessionError } from './errors.ts';
import { watchMediaPath } from './media-path.ts';
import { Publications } from './publications.ts';
import type { Seat, SessionName, SessionRoom } from './session-room.ts';
import { Subscriptions } from './subscriptions.ts';

/** How long `open` waits for the room's state to be as new as the placement. */
const ROOM_STATE_DEADLINE_MS = 2000;
/** How long `open` waits for tracks of other nodes; what is not there by then is left to `subscribe`. */
const READY_SUBSCRIPTIONS_DEADLINE_MS = 250;

interface SessionTransports {
  readonly router: MediaRouter;
  readonly send: ClientTransport;
  readonly recv: ClientTransport;
}

interface SessionMedia extends SessionTransports {
  readonly publications: Publications;
  readonly subscriptions: Subscriptions;
}

type SessionState =
  | { readonly kind: 'opening' }
  | { readonly kind: 'open'; readonly media: SessionMedia }
  | { readonly kind: 'closed'; readonly reason: string };

export interface EndOptions {
  /** Takes the participant out of the room's state. Not when it was placed again, or taken out by others. */
  readonly leave: boolean;
  /** Tells the client's gateway why. */
  readonly tell?: SessionEndReason;
}

/** One participant's life on this node. */
export class Session {
  readonly name: SessionName;
  readonly #room: SessionRoom;
  readonly #onEnd: (session: Session) => void;
  readonly #life = new AbortController();
  readonly #held: Disposable[] = [];
  #state: SessionState = { kind: 'opening' };
  #opened: Promise<SessionResponse<'open'>> | undefined;
  #seat: Seat | undefined;
  #requests = 0;

  constructor(name: SessionName, room: SessionRoom, onEnd: (session: Session) => void) {
    this.name = name;
    this.#room = room;
    this.#onEnd = onEnd;
  }

  get room(): string {
    return this.#room.name;
  }

  get routerId(): string | undefined {
    return this.#seat?.router.id;
  }

  /** There while the session is open. */
  get media(): SessionMedia | undefined {
    return this.#state.kind === 'open' ? this.#state.media : undefined;
  }

  /** Makes the session's media. Repeating it answers the same. A session that cannot be opened ends. */
  open(request: SessionRequest<'open'>): Promise<SessionResponse<'open'>> {
    this.#opened ??= this.#open(request).catch((error: unknown) => {
      void this.end('could not be opened', { leave: true });
      throw error;
    });
    return this.#opened;
  }

  /** Runs one request. At most `limits.requestsInFlight` at once; one more fails `TOO_MANY_REQUESTS`. */
  async handle(method: Exclude<SessionMethod, 'open'>, data: unknown): Promise<object> {
    if (this.#requests >= limits.requestsInFlight) throw SessionError.tooManyRequests();
    this.#requests++;
    try {
      if (method === 'close') return await this.#close(parseInput(sessionMethods.close.request, data));
      const media = this.media;
      if (!media) throw SessionError.notFound(this.name.sessionId);
      return await this.#run(method, data, media);
    } finally {
      this.#requests--;
    }
  }

  /** Frees everything at once. Resolves when the room's state has it, or it waits for the store. */
  async end(reason: string, { leave, tell }: EndOptions): Promise<void> {
    if (this.#state.kind === 'closed') return;
    const media = this.media;
    this.#state = { kind: 'closed', reason };
    this.#life.abort(SessionError.notFound(this.name.sessionId));
    media?.subscriptions.close();
    media?.publications.close();
    for (const held of this.#held.toReversed()) held[Symbol.dispose]();
    const { log, announce, name: room } = this.#room;
    const { sessionId, identity: participant } = this.name;
    log.info({ room, participant, sessionId, reason }, 'session ended');
    this.#onEnd(this);
    if (tell) this.#room.tell(sessionId, { event: 'sessionClosed', data: { reason: tell } });
    if (leave) await announce.left(this.name, reason);
  }

  async #open(request: SessionRequest<'open'>): Promise<SessionResponse<'open'>> {
    const inRoom = this.#waitUntilPlaced(request.roomVersion);
    const transports = this.#makeTransports();
    const settled = await Promise.allSettled([transports, inRoom]);
    this.#life.signal.throwIfAborted();
    for (const one of settled) if (one.status === 'rejected') throw one.reason;
    const media = this.#begin(await transports, request);
    const subscriptions = request.autoSubscribe
      ? await media.subscriptions.subscribeToAll(READY_SUBSCRIPTIONS_DEADLINE_MS)
      : [];
    this.#life.signal.throwIfAborted();
    return { sendTransport: media.send.offer, recvTransport: media.recv.offer, subscriptions };
  }

  async #waitUntilPlaced(version: number): Promise<void> {
    const state = await this.#room.waitFor(version, ROOM_STATE_DEADLINE_MS);
    const placed = state.participants.get(this.name.identity);
    if (placed?.sessionId !== this.name.sessionId || placed.epoch !== this.name.epoch) {
      throw SessionError.staleEpoch(placed?.epoch ?? 0, this.name.epoch);
    }
  }

  async #makeTransports(): Promise<SessionTransports> {
    const seat = await this.#room.takeSeat();
    this.#seat = this.#hold(seat);
    const { router } = seat;
    const make = async (direction: TransportDirection): Promise<ClientTransport> => {
      const transport = await router.createClientTransport(direction);
      this.#hold({ [Symbol.dispose]: () => transport.close() });
      this.#hold(watchMediaPath(transport, this.#room.clock, () => this.#mediaLost()));
      return transport;
    };
    const [send, recv] = await Promise.all([make('send'), make('recv')]);
    return { router, send, recv };
  }

  /** Frees `held` when the session ends; at once if it has ended while it was being made. */
  #hold<Held extends Disposable>(held: Held): Held {
    if (this.#state.kind === 'closed') {
      held[Symbol.dispose]();
      this.#life.signal.throwIfAborted();
    }
    this.#held.push(held);
    return held;
  }

  #begin(made: SessionTransports, request: SessionRequest<'open'>): SessionMedia {
    const { router, send, recv } = made;
    const shared = { session: this.name, room: this.#room, signal: this.#life.signal };
    const media: SessionMedia = {
      ...made,
      publications: new Publications({ ...shared, routerId: router.id, transport: send }),
      subscriptions: new Subscriptions({
        ...shared,
        router,
        transport: recv,
        capabilities: request.rtpCapabilities,
      }),
    };
    this.#state = { kind: 'open', media };
    const { log, name: room } = this.#room;
    log.info({ room, participant: this.name.identity, sessionId: this.name.sessionId }, 'session opened');
    return media;
  }

  async #run(
    method: Exclude<SessionMethod, 'open' | 'close'>,
    data: unknown,
    media: SessionMedia,
  ): Promise<object> {
    switch (method) {
      case 'connectTransport': {
        const { direction, dtlsParameters } = parseInput(sessionMethods.connectTransport.request, data);
        await media[direction].connect(dtlsParameters);
        return {};
      }
      case 'restartIce': {
        const { direction } = parseInput(sessionMethods.restartIce.request, data);
        return { iceParameters: await media[direction].restartIce() };
      }
      case 'publish':
        return await media.publications.publish(parseInput(sessionMethods.publish.request, data));
      case 'unpublish':
        await media.publications.unpublish(parseInput(sessionMethods.unpublish.request, data).trackId);
        return {};
      case 'setTrackMuted': {
        const { trackId, muted } = parseInput(sessionMethods.setTrackMuted.request, data);
        await media.publications.setMuted(trackId, muted);
        return {};
      }
      case 'subscribe':
        return await media.subscriptions.subscribe(parseInput(sessionMethods.subscribe.request, data));
      case 'updateSubscriptions':
        await media.subscriptions.update(parseInput(sessionMethods.updateSubscriptions.request, data));
        return {};
      case 'unsubscribe':
        media.subscriptions.unsubscribe(parseInput(sessionMethods.unsubscribe.request, data).subscriptionId);
        return {};
    }
  }

  async #close({ reason }: SessionRequest<'close'>): Promise<object> {
    await this.end(reason, { leave: reason !== 'superseded' });
    return {};
  }

  #mediaLost(): void {
    void this.end('media-timeout', { leave: true, tell: 'media-timeout' });
  }
}
