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
  type Role,
  type SessionMethod,
  type SessionRef,
  type SessionRequest,
  type SessionResponse,
  type TransportRequest,
} from '@skein/protocol';
import type { RouterSlot } from '../media/engine.ts';
import { mediaKey } from '../media/media-key.ts';
import { watchMediaPath } from './media-path.ts';
import { SessionError } from './session-errors.ts';
import { SessionMedia, type SessionTransport, type SessionTransports } from './session-media.ts';
import type { SessionRoom, SessionSnapshot } from './session-room.ts';
import {
  newSessionState,
  nextCheckMs,
  stepSession,
  type EndOptions,
  type SessionCommand,
  type SessionState,
  type SessionStateEvent,
} from './session-state.ts';

/** How long `open` waits for the room's state to be as new as the placement. */
const ROOM_STATE_DEADLINE_MS = 2000;
/** How long `open` waits for tracks of other nodes; later ones are left to `subscribe`. */
const READY_SUBSCRIPTIONS_DEADLINE_MS = 250;
/** How long a moved participant may take to publish its tracks again here. */
export const TRANSIT_DEADLINE_MS = 10_000;

/** One participant's life on this node. */
export class Session {
  readonly ref: SessionRef;
  readonly #room: SessionRoom;
  readonly #onEnd: (session: Session) => void;
  readonly #ending = new AbortController();
  readonly #resources: Disposable[] = [];
  #state: SessionState;
  #check: Disposable | undefined;
  #opening: Promise<SessionResponse<'open'>> | undefined;
  /** As the gateway admitted the participant. */
  #grants: Grants = grantsOfRole.participant;
  #participant: Participant | undefined;
  #slot: RouterSlot | undefined;
  #media: SessionMedia | undefined;
  #requests = 0;

  constructor(ref: SessionRef, room: SessionRoom, onEnd: (session: Session) => void) {
    this.ref = ref;
    this.#room = room;
    this.#onEnd = onEnd;
    this.#state = newSessionState(room.ids('rsm'));
  }

  get room(): string {
    return this.#room.name;
  }

  get routerId(): string | undefined {
    return this.#slot?.router.id;
  }

  /** Set from the end of `open` to the end of the session. */
  get media(): SessionMedia | undefined {
    return this.#state.kind === 'closed' ? undefined : this.#media;
  }

  /** The participant was placed again elsewhere: this session lives on only until others have switched. */
  get leaving(): boolean {
    return this.#state.kind === 'leaving';
  }

  /** As the store lists the participant. */
  get role(): Role {
    return roleOf(this.#grants);
  }

  /** `undefined` when the session has nothing to restore in the store. */
  get snapshot(): SessionSnapshot | undefined {
    const participant = this.#participant;
    if (!participant || this.leaving || this.#state.kind === 'closed') return undefined;
    return {
      role: this.role,
      participant: withConnection(participant, this.#connection),
      tracks: this.media?.publications.tracks ?? [],
    };
  }

  /** Creates the session's media. Repeating it returns the same answer. A session that fails to open ends. */
  open(request: SessionRequest<'open'>): Promise<SessionResponse<'open'>> {
    this.#opening ??= this.#open(request).catch((error: unknown) => {
      // The gateway places the participant again, or removes it: others must not see it leave in between.
      void this.end('could not be opened', { leave: 'unlessMoved' });
      throw error;
    });
    return this.#opening;
  }

  /** Handles one request. At most `limits.requestsInFlight` at once; one more fails `TOO_MANY_REQUESTS`. */
  async handle(method: Exclude<SessionMethod, 'open'>, data: unknown): Promise<object> {
    if (this.#state.kind === 'closed') throw SessionError.notFound(this.ref.sessionId);
    if (this.#requests >= limits.requestsInFlight) throw SessionError.tooManyRequests();
    this.#requests++;
    try {
      switch (method) {
        case 'attach':
          return await this.#attach(parseInput(sessionMethods.attach.request, data));
        case 'detach':
          await this.#dispatch({ type: 'detach', ...parseInput(sessionMethods.detach.request, data) });
          return {};
        case 'close':
          await this.#dispatch({ type: 'close', ...parseInput(sessionMethods.close.request, data) });
          return {};
        case 'reportMediaLoss':
          this.#mediaLostSoon();
          return {};
        default: {
          const { media } = this;
          if (!media) throw SessionError.notFound(this.ref.sessionId);
          checkPermission(this.#grants, method);
          return await media.handle(method, data);
        }
      }
    } finally {
      this.#requests--;
    }
  }

  /** The participant was placed again elsewhere. `done`: its client has moved there, as far as this node knows. */
  movedAway({ done = false }: { done?: boolean } = {}): void {
    void this.#dispatch({ type: 'moved' });
    if (done) void this.#dispatch({ type: 'close', reason: 'moved' });
  }

  /** Frees everything at once. Resolves when the room's state has it, or the announcement waits for the store. */
  async end(reason: string, options: EndOptions): Promise<void> {
    await this.#dispatch({ type: 'end', reason, ...options });
  }

  async #open(request: SessionRequest<'open'>): Promise<SessionResponse<'open'>> {
    const placed = this.#waitUntilPlaced(request);
    const transports = this.#createTransports(request.transports);
    const settled = await Promise.allSettled([transports, placed]);
    this.#ending.signal.throwIfAborted();
    for (const one of settled) if (one.status === 'rejected') throw one.reason;
    const media = this.#begin(await transports, request);
    const subscriptions =
      request.autoSubscribe && request.grants.canSubscribe
        ? await media.subscriptions.subscribeToAll(READY_SUBSCRIPTIONS_DEADLINE_MS)
        : [];
    this.#ending.signal.throwIfAborted();
    return { ...this.#claim, transports: media.offers, subscriptions };
  }

  async #waitUntilPlaced({ roomVersion, grants, entry }: SessionRequest<'open'>): Promise<void> {
    const state = await this.#room.view.waitFor(roomVersion, ROOM_STATE_DEADLINE_MS);
    const shown = state.participants.get(this.ref.identity);
    // The state does not show viewers, so the gateway sends the placement; a later participant replaces it all the same.
    const placed = entry && (shown?.epoch ?? 0) <= entry.epoch ? entry : shown;
    if (placed?.sessionId !== this.ref.sessionId || placed.epoch !== this.ref.epoch) {
      throw SessionError.staleEpoch(placed?.epoch ?? 0, this.ref.epoch);
    }
    this.#grants = grants;
    this.#participant = placed;
  }

  async #createTransports(requests: readonly TransportRequest[]): Promise<SessionTransports> {
    const slot = await this.#room.media.takeRouterSlot({ transports: requests.length });
    this.#slot = this.#hold(slot);
    const { router } = slot;
    const create = async ({ direction }: TransportRequest): Promise<SessionTransport> => {
      const transport = await router.createClientTransport(direction);
      this.#hold({ [Symbol.dispose]: () => transport.close() });
      const onLost = (): void => void this.#dispatch({ type: 'mediaLost' });
      this.#hold(watchMediaPath(transport, this.#room.clock, onLost));
      return { direction, transport };
    };
    return { router, transports: await Promise.all(requests.map(create)) };
  }

  /** Frees the resource with the session; at once if the session has ended meanwhile. */
  #hold<Resource extends Disposable>(resource: Resource): Resource {
    if (this.#state.kind === 'closed') {
      resource[Symbol.dispose]();
      this.#ending.signal.throwIfAborted();
    }
    this.#resources.push(resource);
    return resource;
  }

  #begin(
    transports: SessionTransports,
    { rtpCapabilities: capabilities, grants }: SessionRequest<'open'>,
  ): SessionMedia {
    const { ref: session } = this;
    const room = this.#room;
    const { signal } = this.#ending;
    const media = new SessionMedia({ ...transports, session, room, signal, capabilities, grants });
    this.#media = media;
    this.#hold(room.clock.after(TRANSIT_DEADLINE_MS, () => media.publications.dropLeftBehind()));
    this.#log('session.opened', 'a session was opened');
    void this.#dispatch({ type: 'opened' });
    return media;
  }

  async #attach({ resumeToken, identity }: SessionRequest<'attach'>): Promise<SessionResponse<'attach'>> {
    const { sessionId, epoch } = this.ref;
    // The gateway acts for this identity from now on: one participant's token must not give it another's session.
    if (identity !== undefined && identity !== this.ref.identity) throw SessionError.notFound(sessionId);
    const commands = await this.#dispatch({
      ...{ type: 'attach', resumeToken },
      nextToken: this.#room.ids('rsm'),
    });
    const rejected = commands.find((command) => command.type === 'reject');
    if (rejected?.why === 'wrongToken') throw SessionError.notFound(sessionId);
    if (rejected)
      throw SessionError.staleEpoch(
        this.#room.view.state?.participants.get(this.ref.identity)?.epoch ?? 0,
        epoch,
      );
    return { ...this.#claim, grants: this.#grants };
  }

  /** What the gateway needs to act for the session. */
  get #claim(): Pick<SessionResponse<'open'>, 'resumeToken' | 'attachment'> {
    if (this.#state.kind === 'closed') throw SessionError.notFound(this.ref.sessionId);
    const { resumeToken, number: attachment } = this.#state.attachment;
    return { resumeToken, attachment };
  }

  /** What others see of the client's connection. A viewer is shown to nobody. */
  get #connection(): 'connected' | 'lost' {
    const isLost = this.#state.kind === 'detached' && this.#state.shownLost && this.role !== 'viewer';
    return isLost ? 'lost' : 'connected';
  }

  /** One step of the session's life. Resolves as `end` does, with the commands that were executed. */
  async #dispatch(event: SessionStateEvent): Promise<readonly SessionCommand[]> {
    const before = this.#state;
    const { state, commands } = stepSession(before, event, this.#room.clock.monotonicMs());
    this.#state = state;
    if (state.kind === 'leaving' && before.kind !== 'leaving')
      this.#log('session.leaving', 'a session was placed again elsewhere; it ends when others have switched');
    await Promise.all(commands.map((command) => this.#execute(command)));
    if (before.kind === 'closed' || state.kind === 'closed') return commands;
    if (event.type === 'checked') this.#checkLater();
    else await this.#checkNow();
    return commands;
  }

  /** Synchronous except for the announcement that the participant has left. */
  async #execute(command: SessionCommand): Promise<void> {
    const { announce } = this.#room;
    switch (command.type) {
      case 'reject':
        // Answered by the request that attaches.
        return;
      case 'free':
        return this.#free(command.reason);
      case 'notify': {
        const data = { reason: command.reason };
        return this.#room.notify(this.ref.sessionId, { event: 'sessionClosed', data });
      }
      case 'announceLeft':
        if (command.unlessMoved) return announce.leftUnlessMoved(this.ref, command.reason);
        return await announce.left(this.ref, command.reason);
      case 'announceConnection':
        if (this.role === 'viewer') return;
        // An announcement that waits while the node stops has no audience left.
        announce.connection(this.ref, () => this.#connection).catch(() => undefined);
        return;
      case 'closeSubscriptions':
        return this.media?.subscriptions.close();
      case 'repeatMediaLost':
        return this.#mediaLostSoon();
    }
  }

  #free(reason: string): void {
    this.#check?.[Symbol.dispose]();
    this.#ending.abort(SessionError.notFound(this.ref.sessionId));
    this.#media?.close();
    for (const resource of this.#resources.toReversed()) resource[Symbol.dispose]();
    this.#log('session.ended', 'a session ended', { reason });
    this.#onEnd(this);
  }

  async #checkNow(): Promise<void> {
    const { epoch } = this.ref;
    const trackIds = this.media?.publications.trackIds ?? [];
    const received = trackIds.some((trackId) => this.#room.media.isReceived(mediaKey({ trackId, epoch })));
    await this.#dispatch({ type: 'checked', received });
  }

  #checkLater(): void {
    const { clock } = this.#room;
    this.#check?.[Symbol.dispose]();
    const nowMs = clock.monotonicMs();
    const dueMs = nextCheckMs(this.#state, nowMs);
    if (dueMs === undefined) return;
    this.#check = clock.after(Math.max(1, dueMs - nowMs), () => void this.#checkNow());
  }

  /** After the answer to the request that is being handled: the end of the session would overtake it. */
  #mediaLostSoon(): void {
    this.#hold(this.#room.clock.after(0, () => void this.#dispatch({ type: 'mediaLost' })));
  }

  #log(event: string, message: string, fields: { readonly reason?: string } = {}): void {
    const { log, name: room } = this.#room;
    const { sessionId, identity: participant } = this.ref;
    log.info({ event, room, participant, sessionId, ...fields }, message);
  }
}
