import {
  checkPermission,
  grantsOfRole,
  limits,
  parseInput,
  roleOf,
  sessionMethods,
  withConnection,
  type Grants,
  type Participant,
  type ParticipantConnection,
  type Role,
  type SessionEndReason,
  type SessionMethod,
  type SessionRef,
  type SessionRequest,
  type SessionResponse,
  type TransportRequest,
} from '@skein/protocol';
import { mediaKey } from '../media/media-key.ts';
import { SessionError } from './session-errors.ts';
import { watchMediaPath } from './media-path.ts';
import {
  connectionOf,
  newLife,
  nextCheckMs,
  stepLife,
  type LifeInput,
  type LifeOutcome,
  type SessionLife,
} from './session-state.ts';
import { SessionMedia, type SessionTransport, type SessionTransports } from './session-media.ts';
import type { HeldSession, Seat, SessionRoom } from './session-room.ts';

/** How long `open` waits for the room's state to be as new as the placement. */
const ROOM_STATE_DEADLINE_MS = 2000;
/** How long `open` waits for tracks of other nodes; what is not there by then is left to `subscribe`. */
const READY_SUBSCRIPTIONS_DEADLINE_MS = 250;
/** How long tracks that a moved participant published elsewhere may take to be published again here. */
export const TRANSIT_DEADLINE_MS = 10_000;

type SessionState =
  | { readonly kind: 'opening' }
  | { readonly kind: 'open'; readonly media: SessionMedia }
  | { readonly kind: 'closed'; readonly reason: string };

export interface EndOptions {
  /**
   * Takes the participant out of the room's state. Not when it was placed again, or taken out by others. `unlessMoved`:
   * only when no gateway has placed it again some time later.
   */
  readonly leave: boolean | 'unlessMoved';
  /** Tells the client's gateway why. Not when it has moved the client elsewhere. */
  readonly tell?: SessionEndReason;
}

/** One participant's life on this node. */
export class Session {
  readonly name: SessionRef;
  readonly #room: SessionRoom;
  readonly #onEnd: (session: Session) => void;
  readonly #ending = new AbortController();
  readonly #held: Disposable[] = [];
  #state: SessionState = { kind: 'opening' };
  #life: SessionLife;
  #check: Disposable | undefined;
  #opened: Promise<SessionResponse<'open'>> | undefined;
  #grants: Grants = grantsOfRole.participant;
  #entry: Participant | undefined;
  #seat: Seat | undefined;
  #requests = 0;
  /** What the room was told last. */
  #shownConnection: ParticipantConnection = 'connected';
  /** Its media was lost while its client was away: only a client that comes back is to have it made anew. */
  #mediaLostAway = false;

  constructor(name: SessionRef, room: SessionRoom, onEnd: (session: Session) => void) {
    this.name = name;
    this.#room = room;
    this.#onEnd = onEnd;
    this.#life = newLife(room.ids('rsm'));
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

  /** The participant was placed again elsewhere: this session goes on only until others have followed. */
  get leaving(): boolean {
    return this.#life.leaving !== undefined;
  }

  get role(): Role {
    return roleOf(this.#grants);
  }

  /** `undefined` when what the store has is not this session's to restore. */
  get held(): HeldSession | undefined {
    const entry = this.#entry;
    if (!entry || this.leaving || this.#state.kind === 'closed') return undefined;
    return {
      role: this.role,
      entry: withConnection(entry, this.#shownConnection),
      tracks: this.media?.publications.tracks ?? [],
    };
  }

  /** Makes the session's media. Repeating it answers the same. A session that cannot be opened ends. */
  open(request: SessionRequest<'open'>): Promise<SessionResponse<'open'>> {
    this.#opened ??= this.#open(request).catch((error: unknown) => {
      // Who asked for it places the participant again, or takes it out: others are not to see it leave in between.
      void this.end('could not be opened', { leave: 'unlessMoved' });
      throw error;
    });
    return this.#opened;
  }

  /** Runs one request. At most `limits.requestsInFlight` at once; one more fails `TOO_MANY_REQUESTS`. */
  async handle(method: Exclude<SessionMethod, 'open'>, data: unknown): Promise<object> {
    if (this.#state.kind === 'closed') throw SessionError.notFound(this.name.sessionId);
    if (this.#requests >= limits.requestsInFlight) throw SessionError.tooManyRequests();
    this.#requests++;
    try {
      switch (method) {
        case 'attach':
          return await this.#attach(parseInput(sessionMethods.attach.request, data));
        case 'detach':
          await this.#take({ type: 'detach', ...parseInput(sessionMethods.detach.request, data) });
          return {};
        case 'close':
          await this.#take({ type: 'close', ...parseInput(sessionMethods.close.request, data) });
          return {};
        case 'reportMediaLoss':
          // Once it is answered: the end of the session would overtake the answer.
          this.#hold(this.#room.clock.after(0, () => this.#mediaLost()));
          return {};
        default: {
          const { media } = this;
          if (!media) throw SessionError.notFound(this.name.sessionId);
          checkPermission(this.#grants, method);
          return await media.run(method, data);
        }
      }
    } finally {
      this.#requests--;
    }
  }

  /** The participant was placed again elsewhere. `done`: its client is there already, as far as this node knows. */
  movedAway({ done = false }: { done?: boolean } = {}): void {
    void this.#take({ type: 'moved' });
    if (done) void this.#take({ type: 'close', reason: 'moved' });
  }

  /** Frees everything at once. Resolves when the room's state has it, or it waits for the store. */
  async end(reason: string, { leave, tell }: EndOptions): Promise<void> {
    if (this.#state.kind === 'closed') return;
    const { media, leaving } = this;
    this.#state = { kind: 'closed', reason };
    this.#check?.[Symbol.dispose]();
    this.#ending.abort(SessionError.notFound(this.name.sessionId));
    media?.close();
    for (const held of this.#held.toReversed()) held[Symbol.dispose]();
    const { log, announce, name: room } = this.#room;
    const { sessionId, identity: participant } = this.name;
    log.info({ room, participant, sessionId, reason }, 'session ended');
    this.#onEnd(this);
    if (tell && !leaving) this.#room.tell(sessionId, { event: 'sessionClosed', data: { reason: tell } });
    if (!leave || leaving) return;
    if (leave === 'unlessMoved') announce.leftUnlessMoved(this.name, reason);
    else await announce.left(this.name, reason);
  }

  async #open(request: SessionRequest<'open'>): Promise<SessionResponse<'open'>> {
    const inRoom = this.#waitUntilPlaced(request);
    const transports = this.#makeTransports(request.transports);
    const settled = await Promise.allSettled([transports, inRoom]);
    this.#ending.signal.throwIfAborted();
    for (const one of settled) if (one.status === 'rejected') throw one.reason;
    const media = this.#begin(await transports, request);
    const subscriptions =
      request.autoSubscribe && request.grants.canSubscribe
        ? await media.subscriptions.subscribeToAll(READY_SUBSCRIPTIONS_DEADLINE_MS)
        : [];
    this.#ending.signal.throwIfAborted();
    const { resumeToken, attachment } = this.#life;
    return { resumeToken, attachment, transports: media.offers, subscriptions };
  }

  async #waitUntilPlaced({ roomVersion, grants, entry }: SessionRequest<'open'>): Promise<void> {
    const state = await this.#room.waitFor(roomVersion, ROOM_STATE_DEADLINE_MS);
    const shown = state.participants.get(this.name.identity);
    // The state lists no viewers, so the gateway says how one was placed; a later participant voids it all the same.
    const placed = entry && (shown?.epoch ?? 0) <= entry.epoch ? entry : shown;
    if (placed?.sessionId !== this.name.sessionId || placed.epoch !== this.name.epoch) {
      throw SessionError.staleEpoch(placed?.epoch ?? 0, this.name.epoch);
    }
    this.#grants = grants;
    this.#entry = placed;
  }

  async #makeTransports(requests: readonly TransportRequest[]): Promise<SessionTransports> {
    const seat = await this.#room.takeSeat();
    this.#seat = this.#hold(seat);
    const { router } = seat;
    const make = async ({ direction }: TransportRequest): Promise<SessionTransport> => {
      const transport = await router.createClientTransport(direction === 'receive' ? 'recv' : 'send');
      this.#hold({ [Symbol.dispose]: () => transport.close() });
      this.#hold(watchMediaPath(transport, this.#room.clock, () => this.#mediaLost()));
      return { direction, transport };
    };
    return { router, transports: await Promise.all(requests.map(make)) };
  }

  /** Frees `held` when the session ends; at once if it has ended while it was being made. */
  #hold<Held extends Disposable>(held: Held): Held {
    if (this.#state.kind === 'closed') {
      held[Symbol.dispose]();
      this.#ending.signal.throwIfAborted();
    }
    this.#held.push(held);
    return held;
  }

  #begin(
    transports: SessionTransports,
    { rtpCapabilities: capabilities }: SessionRequest<'open'>,
  ): SessionMedia {
    const { name: session } = this;
    const room = this.#room;
    const { signal } = this.#ending;
    const media = new SessionMedia({
      ...transports,
      session,
      room,
      signal,
      capabilities,
      grants: this.#grants,
    });
    this.#state = { kind: 'open', media };
    this.#hold(room.clock.after(TRANSIT_DEADLINE_MS, () => media.publications.dropLeftBehind()));
    const { identity: participant, sessionId } = session;
    room.log.info({ room: room.name, participant, sessionId }, 'session opened');
    return media;
  }

  async #attach({ resumeToken, identity }: SessionRequest<'attach'>): Promise<SessionResponse<'attach'>> {
    const { sessionId, epoch } = this.name;
    // Its gateway acts for this identity from now on: the token of one participant must not give it another's place.
    if (identity !== undefined && identity !== this.name.identity) throw SessionError.notFound(sessionId);
    const outcome = await this.#take({ type: 'attach', resumeToken, nextToken: this.#room.ids('rsm') });
    if (outcome.kind === 'refused')
      throw outcome.why === 'wrongToken'
        ? SessionError.notFound(sessionId)
        : SessionError.staleEpoch(this.#room.state?.participants.get(this.name.identity)?.epoch ?? 0, epoch);
    if (this.#mediaLostAway) this.#hold(this.#room.clock.after(0, () => this.#mediaLost()));
    const { attachment, resumeToken: next } = this.#life;
    return { resumeToken: next, attachment, grants: this.#grants };
  }

  /** One step of the session's life, and what comes of it. Resolves as `end` does. */
  async #take(input: LifeInput): Promise<LifeOutcome> {
    if (this.#state.kind === 'closed') return { kind: 'goesOn' };
    const { clock, log, name: room } = this.#room;
    const wasLeaving = this.leaving;
    const { life, outcome } = stepLife(this.#life, input, clock.monotonicMs());
    this.#life = life;
    if (this.leaving && !wasLeaving) {
      const { identity: participant, sessionId } = this.name;
      log.info(
        { room, participant, sessionId },
        'placed again elsewhere; goes on until others have followed',
      );
    }
    // Two who moved would wait for each other to follow: what nobody looks at any more needs no track.
    if (life.leaving?.doneMs !== undefined) this.media?.subscriptions.close();
    this.#showConnection();
    if (outcome.kind === 'ends') await this.end(outcome.reason, { leave: outcome.leave });
    else if (input.type !== 'checked') await this.#checkNow();
    else this.#checkLater();
    return outcome;
  }

  /** A viewer is shown to nobody, and what a session that moves away does is not its participant's state. */
  #showConnection(): void {
    const { clock, announce } = this.#room;
    const connection = connectionOf(this.#life, clock.monotonicMs());
    if (connection === this.#shownConnection || this.role === 'viewer' || this.leaving) return;
    this.#shownConnection = connection;
    // One that waits while the node stops has nobody left to show it to.
    announce.connection(this.name, () => this.#shownConnection).catch(() => undefined);
  }

  async #checkNow(): Promise<void> {
    const { epoch } = this.name;
    const trackIds = this.media?.publications.trackIds ?? [];
    const received = trackIds.some((trackId) => this.#room.isReceived(mediaKey({ trackId, epoch })));
    await this.#take({ type: 'checked', received });
  }

  #checkLater(): void {
    const { clock } = this.#room;
    this.#check?.[Symbol.dispose]();
    const nowMs = clock.monotonicMs();
    const dueMs = nextCheckMs(this.#life, nowMs);
    if (dueMs === undefined) return;
    this.#check = clock.after(Math.max(1, dueMs - nowMs), () => void this.#checkNow());
  }

  #mediaLost(): void {
    this.#mediaLostAway = this.#life.detached !== undefined;
    // There is nobody whom another node could reach.
    if (this.#mediaLostAway) return;
    void this.end('media-timeout', { leave: 'unlessMoved', tell: 'media-timeout' });
  }
}
