import type { ClientResponse, Role, RoomSnapshot as WireSnapshot, RoomState } from '@skein/protocol';
import { Emitter, type Listener } from '@skein/runtime/emitter';
import { SkeinClientError } from '../errors/client-error.ts';
import type { RoomStats } from '../media/track-stats.ts';
import type { LocalTrack } from '../publications/local-track.ts';
import { Publications, type PublishOptions } from '../publications/publications.ts';
import { RoomFeed } from '../room-model/room-feed.ts';
import type { ConnectionState } from '../session/connection-state.ts';
import type { SessionOptions } from '../session/session-options.ts';
import { Session } from '../session/session.ts';
import type { GatewayEvent } from '../signaling/frames.ts';
import type { Handshake, HandshakeResult } from '../signaling/handshake.ts';
import { wholeRoom, wholeState, type NewerState, type SendRequest } from '../signaling/room-pages.ts';
import type { RemoteTrack } from '../subscriptions/remote-track.ts';
import { SubscribeRequests } from '../subscriptions/subscribe-requests.ts';
import { Subscriptions } from '../subscriptions/subscriptions.ts';
import type { Environment } from './environment.ts';
import type { LocalParticipant, RemoteParticipant } from './participants.ts';
import type { RoomEvents } from './room-events.ts';
import type { Room } from './room.ts';
import { Roster } from './roster.ts';
import { SnapshotStore } from './snapshot-store.ts';
import type { RoomSnapshot } from './snapshot.ts';
import { StatsReader } from './stats-reader.ts';

export interface ActiveRoomDeps {
  readonly environment: Environment;
  readonly handshake: Handshake;
  /** The handshake that joined the room. */
  readonly joined: HandshakeResult<ClientResponse<'join'>>;
}

export interface ActiveRoomOptions extends SessionOptions {
  readonly name: string;
  readonly metadata: string | undefined;
  readonly role: Role;
  readonly autoSubscribe: boolean;
}

const SYNC_RETRY_MS = 1000;

/** The `Room` that `connect` returns. It is closed from the start when the browser refuses to set up media. */
export class ActiveRoom implements Room {
  readonly name: string;
  readonly localParticipant: LocalParticipant;
  readonly #deps: ActiveRoomDeps;
  readonly #options: ActiveRoomOptions;
  readonly #events = new Emitter<RoomEvents>();
  readonly #session: Session;
  readonly #feed: RoomFeed;
  readonly #roster: Roster;
  readonly #subscriptions: Subscriptions;
  readonly #publications: Publications;
  readonly #snapshots: SnapshotStore;
  readonly #stats: StatsReader;
  #viewers: number;

  constructor(deps: ActiveRoomDeps, options: ActiveRoomOptions) {
    this.#deps = deps;
    this.#options = options;
    const { answer } = deps.joined;
    this.name = answer.room.room;
    this.#feed = new RoomFeed(answer.room);
    this.#viewers = answer.room.viewers ?? 0;
    this.#session = this.#makeSession();
    this.#subscriptions = this.#makeSubscriptions();
    this.#publications = this.#makePublications();
    this.#roster = this.#makeRoster();
    this.localParticipant = localParticipant(answer.identity, options, this.#session, this.#publications);
    this.#snapshots = this.#makeSnapshots();
    this.#stats = this.#makeStats();
    this.#wireSession();
    this.#wireMedia();
    this.#start(answer);
  }

  get participants(): ReadonlyMap<string, RemoteParticipant> {
    return this.#roster.participants;
  }

  get viewers(): number {
    return this.#viewers;
  }

  get connection(): ConnectionState {
    return this.#session.connection;
  }

  get gateways(): readonly string[] {
    return this.#session.gateways;
  }

  on<Name extends keyof RoomEvents>(event: Name, listener: Listener<RoomEvents[Name]>): Disposable {
    return this.#events.on(event, listener);
  }

  readonly snapshot = (): RoomSnapshot => this.#snapshots.get();

  readonly subscribe = (listener: () => void): (() => void) => this.#snapshots.subscribe(listener);

  async publish(mediaStreamTrack: MediaStreamTrack, options: PublishOptions): Promise<LocalTrack> {
    if (this.#options.role === 'viewer') throw SkeinClientError.viewerPublishes();
    return await this.#publications.publish(mediaStreamTrack, options);
  }

  async stats(): Promise<RoomStats> {
    return await this.#stats.room();
  }

  async leave(): Promise<void> {
    await this.#session.leave();
  }

  #wireSession(): void {
    const { events } = this.#session;
    events.on('gateway', (event) => this.#handleEvent(event));
    events.on('resumed', ({ state, viewers }) => {
      this.#feed.handleResumed(state);
      this.#setViewers('snapshot' in state ? state.snapshot.viewers : viewers);
      this.#subscriptions.handleResumed();
    });
    events.on('joined', ({ room }) => this.#replace(room));
    events.on('link', ({ link, subscriptions }) => {
      this.#publications.handleLink(link);
      this.#subscriptions.handleLink(link, subscriptions);
    });
    events.on('linkClosed', ({ link }) => {
      this.#publications.handleLinkClosed(link);
      this.#subscriptions.handleLinkClosed(link);
    });
    events.on('failed', ({ error }) => this.#report(error));
    events.on('handleChanged', () => this.#snapshots.localChanged());
    events.on('changed', (change) => {
      if (change.connection.state === 'closed') this.#close();
      this.#snapshots.roomChanged();
      this.#events.emit('connectionStateChanged', change);
    });
  }

  #wireMedia(): void {
    this.#feed.events.on('changed', ({ before, after }) => this.#roster.handleRoom(before, after));
    this.#feed.events.on('syncNeeded', ({ version }) => void this.#sync(version));
    const { events: subscriptions } = this.#subscriptions;
    subscriptions.on('media', ({ trackId, mediaStreamTrack }) =>
      this.#roster.handleMedia(trackId, mediaStreamTrack),
    );
    subscriptions.on('layers', ({ trackId, layers }) => this.#roster.handleLayers(trackId, layers));
    subscriptions.on('status', ({ trackId }) => this.#handleTrackChanged(this.#roster.track(trackId)));
    subscriptions.on('failed', ({ error }) => this.#report(error));
    const { events: publications } = this.#publications;
    publications.on('published', (payload) => this.#emitLocal('localTrackPublished', payload));
    publications.on('unpublished', (payload) => this.#emitLocal('localTrackUnpublished', payload));
    publications.on('ended', (payload) => this.#emitLocal('localTrackEnded', payload));
    publications.on('captureChanged', (payload) => this.#emitLocal('localTrackCaptureChanged', payload));
    publications.on('changed', () => this.#snapshots.localChanged());
    publications.on('failed', ({ error }) => this.#report(error));
  }

  #start({ room }: ClientResponse<'join'>): void {
    const empty: RoomState = { room: room.room, version: -1, participants: new Map(), tracks: new Map() };
    try {
      this.#session.start();
      this.#roster.handleRoom(empty, this.#feed.room);
      this.#session.replayEarly();
    } catch (thrown) {
      this.#session.fail(SkeinClientError.from(thrown));
    }
  }

  #handleEvent(event: GatewayEvent): void {
    switch (event.event) {
      case 'roomChanged':
        if (event.version !== undefined)
          this.#feed.handleChange({ version: event.version, change: event.data });
        return;
      case 'roomReplaced':
        return event.data.pages === undefined ? this.#replace(event.data) : this.#replaceInPages(event.data);
      case 'viewersChanged':
        return this.#setViewers(event.data.viewers);
      case 'subscriptionClosed':
        return this.#subscriptions.handleClosed(event.data);
      case 'subscriptionLayersChanged':
        return this.#subscriptions.handleLayersChanged(event.data);
      case 'sessionClosed':
        return this.#events.emit('sessionClosed', event.data);
      case 'error':
        return this.#report(SkeinClientError.fromGateway(event.data));
      case 'welcome':
      case 'sessionMoved':
      case 'moveOver':
        return;
    }
  }

  #emitLocal<
    Name extends
      'localTrackPublished' | 'localTrackUnpublished' | 'localTrackEnded' | 'localTrackCaptureChanged',
  >(event: Name, payload: { readonly track: LocalTrack }): void {
    this.#snapshots.localChanged();
    this.#events.emit(event, payload);
  }

  #handleTrackChanged(track: RemoteTrack | undefined): void {
    if (track) this.#snapshots.participantChanged(track.identity, track.id);
  }

  #replace(room: WireSnapshot): void {
    this.#feed.handleSnapshot(room);
    this.#setViewers(room.viewers);
  }

  /** Changes wait until the state is complete. */
  #replaceInPages(first: WireSnapshot): void {
    this.#feed.handleOutdated();
    wholeRoom(first, this.#sendRequest).then(
      (snapshot) => this.#handleSynced({ snapshot }),
      () => this.#sync(0),
    );
  }

  #handleSynced(state: NewerState): void {
    this.#feed.handleSynced(state);
    this.#setViewers('snapshot' in state ? state.snapshot.viewers : undefined);
  }

  /** `undefined`: the gateway does not know the number. */
  #setViewers(viewers: number | undefined): void {
    if (viewers === undefined || viewers === this.#viewers) return;
    this.#viewers = viewers;
    this.#snapshots.roomChanged();
    this.#events.emit('viewersChanged', { viewers });
  }

  async #sync(version: number): Promise<void> {
    const { closing } = this.#session;
    while (!closing.aborted) {
      try {
        const state = await wholeState(await this.#sendRequest('sync', { version }), this.#sendRequest);
        return this.#handleSynced(state);
      } catch (thrown) {
        const { retryAfterMs = SYNC_RETRY_MS } = SkeinClientError.from(thrown);
        await this.#deps.environment.clock.sleep(retryAfterMs, closing).catch(() => undefined);
      }
    }
  }

  readonly #sendRequest: SendRequest = (method, data) => this.#session.signaling.request(method, data);

  #close(): void {
    this.#publications.close();
    this.#subscriptions.close();
    this.#snapshots.localChanged();
  }

  #report(error: SkeinClientError): void {
    if (this.connection.state !== 'closed') this.#events.emit('error', { error });
  }

  #makeSession(): Session {
    const { environment, handshake, joined } = this.#deps;
    const { clock, random, engine } = environment;
    return new Session(
      {
        clock,
        random,
        engine,
        handshake,
        roomVersion: () => this.#feed.room.version,
        isPublishing: () => this.#publications.tracks.size > 0,
        isSettledOn: (link) => this.#publications.isSettledOn(link) && this.#subscriptions.isSettledOn(link),
      },
      this.#options,
      joined,
    );
  }

  #makeSubscriptions(): Subscriptions {
    const { signaling } = this.#session;
    const { clock, random } = this.#deps.environment;
    const requests = new SubscribeRequests({
      one: (trackId, preferredLayers) =>
        signaling.request('subscribe', { trackId, ...(preferredLayers && { preferredLayers }) }),
      many: async (tracks) => (await signaling.request('subscribeMany', { tracks: [...tracks] })).results,
      isAudio: (trackId) => this.#feed.room.tracks.get(trackId)?.kind === 'audio',
    });
    return new Subscriptions({
      clock,
      random,
      subscribe: (trackId, preferredLayers) => requests.request(trackId, preferredLayers),
      unsubscribe: (subscriptionId) => signaling.request('unsubscribe', { subscriptionId }),
      update: (updates) => signaling.request('updateSubscriptions', { updates }),
      syncGroupOf: (trackId) => syncGroupOf(this.#feed.room, trackId),
      trackOf: (trackId) => this.#feed.room.tracks.get(trackId),
    });
  }

  #makePublications(): Publications {
    const { signaling } = this.#session;
    const { clock, newId } = this.#deps.environment;
    return new Publications({
      clock,
      newTrackId: () => newId('trk'),
      unpublish: (trackId) => signaling.request('unpublish', { trackId }),
      setTrackMuted: (trackId, muted) => signaling.request('setTrackMuted', { trackId, muted }),
      stats: (trackId) => this.#stats.sent(trackId),
    });
  }

  #makeRoster(): Roster {
    const subscriptions = this.#subscriptions;
    return new Roster({
      identity: this.#deps.joined.answer.identity,
      events: this.#events,
      tracks: {
        subscribe: (trackId) => subscriptions.subscribe(trackId),
        unsubscribe: (trackId) => subscriptions.unsubscribe(trackId),
        setEnabled: (trackId, enabled) => subscriptions.setEnabled(trackId, enabled),
        setPreferredLayers: (trackId, layers) => subscriptions.setPreferredLayers(trackId, layers),
        stats: (trackId) => this.#stats.received(trackId),
        audioLevel: (trackId) => subscriptions.audioLevel(trackId),
        playbackBlocked: (track, element) => this.#events.emit('playbackBlocked', { track, element }),
        changed: (track) => this.#handleTrackChanged(track),
      },
      trackPublished: (trackId) => {
        if (this.#options.autoSubscribe) subscriptions.subscribe(trackId);
      },
      trackUnpublished: (trackId) => subscriptions.handleTrackGone(trackId),
      trackMoved: (trackId) => subscriptions.handleTrackMoved(trackId),
      participantChanged: (identity) => this.#snapshots.participantChanged(identity),
      participantLeft: (identity) => this.#snapshots.participantLeft(identity),
    });
  }

  #makeStats(): StatsReader {
    return new StatsReader({
      localParticipant: this.localParticipant,
      publications: this.#publications,
      subscriptions: this.#subscriptions,
      roster: this.#roster,
      roundTripMs: () => this.#session.roundTripMs,
    });
  }

  #makeSnapshots(): SnapshotStore {
    return new SnapshotStore({
      name: this.name,
      localParticipant: this.localParticipant,
      participants: this.#roster.participants,
      connection: () => this.connection,
      viewers: () => this.#viewers,
      subscriptionStatus: (trackId) => this.#subscriptions.statusOf(trackId),
      reportError: throwLater,
    });
  }
}

// The session and node change under the same participant.
function localParticipant(
  identity: string,
  { name, metadata, role }: ActiveRoomOptions,
  session: Session,
  { tracks }: Publications,
): LocalParticipant {
  return {
    identity,
    name,
    metadata,
    role,
    tracks,
    get sessionId() {
      return session.handle.sessionId;
    },
    get nodeId() {
      return session.handle.nodeId;
    },
  };
}

/** An id that is valid in SDP, which an identity need not be (RFC 8830 §2). */
function syncGroupOf({ tracks, participants }: RoomState, trackId: string): string {
  const track = tracks.get(trackId);
  const publisher = track && participants.get(track.identity);
  if (!publisher) return trackId;
  return `${publisher.sessionId}-${track.source.startsWith('screen') ? 'screen' : 'camera'}`;
}

/** Surfaces what a listener threw as an uncaught error, without disturbing the other listeners. */
function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
