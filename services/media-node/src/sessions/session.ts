import {
  limits,
  parseInput,
  sessionMethods,
  withConnection,
  type Participant,
  type Role,
  type SessionMethod,
  type SessionRequest,
  type SessionResponse,
  type TransportDirection,
} from '@skein/protocol';
import { type ClientTransport, type RouterSlot } from '../media/engine.ts';
import { mediaKey } from '../media/media-key.ts';
import { watchMediaPath } from './media-path.ts';
import { SessionError } from './session-errors.ts';
import { SessionMedia, type MediaMethod, type SessionTransports } from './session-media.ts';
import { type SessionName, type SessionRoom, type SessionSnapshot } from './session-room.ts';
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
  readonly name: SessionName;
  readonly #room: SessionRoom;
  readonly #onEnd: (session: Session) => void;
  readonly #ending = new AbortController();
  readonly #resources: Disposable[] = [];
  #state: SessionState;
  #check: Disposable | undefined;
  #opening: Promise<SessionResponse<'open'>> | undefined;
  #role: Role = 'participant';
  #participant: Participant | undefined;
  #slot: RouterSlot | undefined;
  #media: SessionMedia | undefined;
  #requests = 0;

  constructor(name: SessionName, room: SessionRoom, onEnd: (session: Session) => void) {
    this.name = name;
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

  get role(): Role {
    return this.#role;
  }

  /** `undefined` when the session has nothing to restore in the store. */
  get snapshot(): SessionSnapshot | undefined {
    const participant = this.#participant;
    if (!participant || this.leaving || this.#state.kind === 'closed') return undefined;
    return {
      role: this.#role,
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
    if (this.#state.kind === 'closed') throw SessionError.notFound(this.name.sessionId);
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
          if (!media) throw SessionError.notFound(this.name.sessionId);
          if (this.#role === 'viewer' && isPublishing(method)) throw SessionError.viewerPublishes(method);
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
    const transports = this.#createTransports();
    const settled = await Promise.allSettled([transports, placed]);
    this.#ending.signal.throwIfAborted();
    for (const one of settled) if (one.status === 'rejected') throw one.reason;
    const media = this.#begin(await transports, request);
    const subscriptions = request.autoSubscribe
      ? await media.subscriptions.subscribeToAll(READY_SUBSCRIPTIONS_DEADLINE_MS)
      : [];
    this.#ending.signal.throwIfAborted();
    return { ...this.#claim, ...media.offers, subscriptions };
  }

  async #waitUntilPlaced({ roomVersion, viewer }: SessionRequest<'open'>): Promise<void> {
    const state = await this.#room.view.waitFor(roomVersion, ROOM_STATE_DEADLINE_MS);
    const shown = state.participants.get(this.name.identity);
    // The state does not show viewers, so the gateway sends the placement; a later participant replaces it all the same.
    const placed = viewer && (shown?.epoch ?? 0) <= viewer.epoch ? viewer : shown;
    if (placed?.sessionId !== this.name.sessionId || placed.epoch !== this.name.epoch) {
      throw SessionError.staleEpoch(placed?.epoch ?? 0, this.name.epoch);
    }
    this.#role = viewer ? 'viewer' : 'participant';
    this.#participant = placed;
  }

  async #createTransports(): Promise<SessionTransports> {
    const slot = await this.#room.media.takeRouterSlot();
    this.#slot = this.#hold(slot);
    const { router } = slot;
    const create = async (direction: TransportDirection): Promise<ClientTransport> => {
      const transport = await router.createClientTransport(direction);
      this.#hold({ [Symbol.dispose]: () => transport.close() });
      const onLost = (): void => void this.#dispatch({ type: 'mediaLost' });
      this.#hold(watchMediaPath(transport, this.#room.clock, onLost));
      return transport;
    };
    const [send, recv] = await Promise.all([create('send'), create('recv')]);
    return { router, send, recv };
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

  #begin(transports: SessionTransports, { rtpCapabilities }: SessionRequest<'open'>): SessionMedia {
    const { name: session } = this;
    const room = this.#room;
    const { signal } = this.#ending;
    const media = new SessionMedia({ ...transports, session, room, signal, capabilities: rtpCapabilities });
    this.#media = media;
    this.#hold(room.clock.after(TRANSIT_DEADLINE_MS, () => media.publications.dropLeftBehind()));
    this.#log('session.opened', 'a session was opened');
    void this.#dispatch({ type: 'opened' });
    return media;
  }

  async #attach({ resumeToken, identity }: SessionRequest<'attach'>): Promise<SessionResponse<'attach'>> {
    const { sessionId, epoch } = this.name;
    // The gateway acts for this identity from now on: one participant's token must not give it another's session.
    if (identity !== undefined && identity !== this.name.identity) throw SessionError.notFound(sessionId);
    const commands = await this.#dispatch({
      ...{ type: 'attach', resumeToken },
      nextToken: this.#room.ids('rsm'),
    });
    const rejected = commands.find((command) => command.type === 'reject');
    if (rejected?.why === 'wrongToken') throw SessionError.notFound(sessionId);
    if (rejected)
      throw SessionError.staleEpoch(
        this.#room.view.state?.participants.get(this.name.identity)?.epoch ?? 0,
        epoch,
      );
    return { ...this.#claim, role: this.#role };
  }

  /** What the gateway needs to act for the session. */
  get #claim(): Pick<SessionResponse<'open'>, 'resumeToken' | 'attachment'> {
    if (this.#state.kind === 'closed') throw SessionError.notFound(this.name.sessionId);
    const { resumeToken, number: attachment } = this.#state.attachment;
    return { resumeToken, attachment };
  }

  /** What others see of the client's connection. A viewer is shown to nobody. */
  get #connection(): 'connected' | 'lost' {
    const isLost = this.#state.kind === 'detached' && this.#state.shownLost && this.#role !== 'viewer';
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

  /** Synchronous but for the announcement that the participant has left. */
  #execute(command: SessionCommand): Promise<void> | undefined {
    const { announce } = this.#room;
    switch (command.type) {
      case 'reject':
        return undefined;
      case 'free':
        this.#free(command.reason);
        return undefined;
      case 'notify':
        this.#room.notify(this.name.sessionId, { event: 'sessionClosed', data: { reason: command.reason } });
        return undefined;
      case 'announceLeft':
        if (!command.unlessMoved) return announce.left(this.name, command.reason);
        announce.leftUnlessMoved(this.name, command.reason);
        return undefined;
      case 'announceConnection':
        if (this.#role === 'viewer') return undefined;
        // An announcement that waits while the node stops has no audience left.
        announce.connection(this.name, () => this.#connection).catch(() => undefined);
        return undefined;
      case 'closeSubscriptions':
        this.media?.subscriptions.close();
        return undefined;
      case 'repeatMediaLost':
        this.#mediaLostSoon();
        return undefined;
    }
  }

  #free(reason: string): void {
    this.#check?.[Symbol.dispose]();
    this.#ending.abort(SessionError.notFound(this.name.sessionId));
    this.#media?.close();
    for (const resource of this.#resources.toReversed()) resource[Symbol.dispose]();
    this.#log('session.ended', 'a session ended', { reason });
    this.#onEnd(this);
  }

  async #checkNow(): Promise<void> {
    const { epoch } = this.name;
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
    const { sessionId, identity: participant } = this.name;
    log.info({ event, room, participant, sessionId, ...fields }, message);
  }
}

function isPublishing(method: MediaMethod): boolean {
  return method === 'publish' || method === 'unpublish' || method === 'setTrackMuted';
}
