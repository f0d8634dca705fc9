import type { ClientResponse, Role, RoomSnapshot, RoomState } from '@skein/protocol';
import { Emitter, type Listener } from '@skein/runtime/emitter';
import { SkeinClientError } from '../errors/client-error.ts';
import type { LocalTrack } from '../publications/local-track.ts';
import { Publications, type PublishOptions } from '../publications/publications.ts';
import { SubscribeRequests } from '../subscriptions/subscribe-requests.ts';
import { Subscriptions } from '../subscriptions/subscriptions.ts';
import { summarize, type RoomStats, type TrackStats } from '../media/track-stats.ts';
import type { LocalParticipant, RemoteParticipant } from './participants.ts';
import type { ConnectionState } from '../session/connection-state.ts';
import type { RoomEvents } from './room-events.ts';
import { RoomFeed } from '../room-model/room-feed.ts';
import { Roster } from './roster.ts';
import { Session } from '../session/session.ts';
import type { SessionOptions } from '../session/session-options.ts';
import type { Environment } from './environment.ts';
import type { GatewayEvent } from '../signaling/frames.ts';
import { wholeRoom, wholeState, type Ask, type NewerState } from '../signaling/room-pages.ts';

/** What a join came to: all that a room is made of. */
export interface Joined extends SessionOptions {
  readonly environment: Environment;
  readonly name: string;
  readonly metadata: string | undefined;
  readonly role: Role;
  readonly autoSubscribe: boolean;
}

const SYNC_RETRY_MS = 1000;

/** A room that this client is in. Made by `connect`. Read its state first, then follow its events. */
export class Room {
  /** The room's name. */
  readonly name: string;
  readonly localParticipant: LocalParticipant;
  readonly #events = new Emitter<RoomEvents>();
  readonly #joined: Joined;
  readonly #session: Session;
  readonly #feed: RoomFeed;
  readonly #roster: Roster;
  readonly #subscriptions: Subscriptions;
  readonly #publications: Publications;
  #viewers: number;

  /** Not for callers: `connect` makes rooms. Closed from the start when the browser refuses to take up media. */
  constructor(joined: Joined) {
    this.#joined = joined;
    const { answer } = joined.entered;
    const { clock, random } = joined.environment;
    this.name = answer.room.room;
    this.#feed = new RoomFeed(answer.room);
    this.#viewers = answer.room.viewers ?? 0;
    this.#session = new Session(joined, {
      version: () => this.#feed.room.version,
      sending: () => this.#publications.tracks.size > 0,
      carriedBy: (link) => this.#publications.isCarriedBy(link) && this.#subscriptions.isCarriedBy(link),
    });
    this.#subscriptions = new Subscriptions(this.#subscriptionPorts(), clock, random);
    this.#publications = this.#makePublications();
    this.#roster = this.#makeRoster();
    this.localParticipant = localParticipant(joined, this.#session, this.#publications);
    this.#wireSession();
    this.#wireMedia();
    this.#start(answer);
  }

  /** Everyone else in the room, by identity. */
  get participants(): ReadonlyMap<string, RemoteParticipant> {
    return this.#roster.participants;
  }

  /** How many are in the room as viewers, this client too if it is one. */
  get viewers(): number {
    return this.#viewers;
  }

  get connection(): ConnectionState {
    return this.#session.connection;
  }

  /**
   * Addresses of the gateways that this client knows, those that gateways told of too; the last one in use first. To join
   * again with when the room has closed.
   */
  get gateways(): readonly string[] {
    return this.#session.gateways;
  }

  /** Calls `listener` on every `event` until the result is disposed. A listener that throws disturbs nobody. */
  on<Name extends keyof RoomEvents>(event: Name, listener: Listener<RoomEvents[Name]>): Disposable {
    return this.#events.on(event, listener);
  }

  /**
   * Publishes what was captured; resolves when the room has it. Fails with the gateway's code, `PERMISSION_DENIED` for a
   * viewer, `MEDIA_FAILED`, or `ROOM_CLOSED`; the capture is never stopped by a failure.
   */
  async publish(mediaStreamTrack: MediaStreamTrack, options: PublishOptions): Promise<LocalTrack> {
    if (this.#joined.role === 'viewer') throw SkeinClientError.viewerPublishes();
    return await this.#publications.publish(mediaStreamTrack, options);
  }

  /** Rates of every track that flows, since the call before. Call it every second or two. */
  async stats(): Promise<RoomStats> {
    const [sent, received] = await Promise.all([
      Promise.all([...this.#publications.tracks.keys()].map((trackId) => this.#statsOfLocal(trackId))),
      Promise.all(this.#roster.tracks().map(({ id }) => this.#statsOfRemote(id))),
    ]);
    return {
      nodeId: this.localParticipant.nodeId,
      signalingRoundTripMs: this.#session.roundTripMs,
      sent: sent.filter((track) => track !== undefined),
      received: received.filter((track) => track !== undefined),
    };
  }

  /** Leaves: told to the others at once, waited for at most two seconds. Never fails; safe to repeat. */
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
    events.on('changed', (change) => {
      if (change.connection.state === 'closed') this.#close();
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
    subscriptions.on('failed', ({ error }) => this.#report(error));
    const { events: publications } = this.#publications;
    publications.on('published', (payload) => this.#events.emit('localTrackPublished', payload));
    publications.on('unpublished', (payload) => this.#events.emit('localTrackUnpublished', payload));
    publications.on('ended', (payload) => this.#events.emit('localTrackEnded', payload));
    publications.on('captureChanged', (payload) => this.#events.emit('localTrackCaptureChanged', payload));
    publications.on('failed', ({ error }) => this.#report(error));
  }

  #start({ room }: ClientResponse<'join'>): void {
    const nobody: RoomState = { room: room.room, version: -1, participants: new Map(), tracks: new Map() };
    try {
      this.#session.start();
      this.#roster.handleRoom(nobody, this.#feed.room);
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

  #replace(room: RoomSnapshot): void {
    this.#feed.handleSnapshot(room);
    this.#setViewers(room.viewers);
  }

  /** Changes wait until the whole state is there. */
  #replaceInPages(first: RoomSnapshot): void {
    this.#feed.handleOutdated();
    const ask: Ask = (method, data) => this.#session.signaling.request(method, data);
    wholeRoom(first, ask).then(
      (snapshot) => this.#handleSynced({ snapshot }),
      () => this.#sync(0),
    );
  }

  #handleSynced(state: NewerState): void {
    this.#feed.handleSynced(state);
    this.#setViewers('snapshot' in state ? state.snapshot.viewers : undefined);
  }

  /** `undefined`: the gateway does not know either. */
  #setViewers(viewers: number | undefined): void {
    if (viewers === undefined || viewers === this.#viewers) return;
    this.#viewers = viewers;
    this.#events.emit('viewersChanged', { viewers });
  }

  async #sync(version: number): Promise<void> {
    const { signaling, closing } = this.#session;
    while (!closing.aborted) {
      try {
        const ask: Ask = (method, data) => signaling.request(method, data);
        return this.#handleSynced(await wholeState(await ask('sync', { version }), ask));
      } catch (thrown) {
        const { retryAfterMs = SYNC_RETRY_MS } = SkeinClientError.from(thrown);
        await this.#joined.environment.clock.sleep(retryAfterMs, closing).catch(() => undefined);
      }
    }
  }

  #close(): void {
    this.#publications.close();
    this.#subscriptions.close();
  }

  #report(error: SkeinClientError): void {
    if (this.connection.state !== 'closed') this.#events.emit('error', { error });
  }

  #subscriptionPorts(): ConstructorParameters<typeof Subscriptions>[0] {
    const { signaling } = this.#session;
    const requests = new SubscribeRequests({
      one: (trackId, preferredLayers) =>
        signaling.request('subscribe', { trackId, ...(preferredLayers && { preferredLayers }) }),
      many: async (tracks) => (await signaling.request('subscribeMany', { tracks: [...tracks] })).results,
      isSound: (trackId) => this.#feed.room.tracks.get(trackId)?.kind === 'audio',
    });
    return {
      subscribe: (trackId, preferredLayers) => requests.ask(trackId, preferredLayers),
      unsubscribe: (subscriptionId) => signaling.request('unsubscribe', { subscriptionId }),
      update: (updates) => signaling.request('updateSubscriptions', { updates }),
      syncGroupOf: (trackId) => syncGroupOf(this.#feed.room, trackId),
      factsOf: (trackId) => this.#feed.room.tracks.get(trackId),
    };
  }

  #makePublications(): Publications {
    const { signaling } = this.#session;
    const { clock, newId } = this.#joined.environment;
    return new Publications(
      {
        unpublish: (trackId) => signaling.request('unpublish', { trackId }),
        setTrackMuted: (trackId, muted) => signaling.request('setTrackMuted', { trackId, muted }),
      },
      { stats: (trackId) => this.#statsOfLocal(trackId) },
      clock,
      () => newId('trk'),
    );
  }

  #makeRoster(): Roster {
    const subscriptions = this.#subscriptions;
    return new Roster(
      this.#joined.entered.answer.identity,
      this.#events,
      {
        subscribe: (trackId) => subscriptions.subscribe(trackId),
        unsubscribe: (trackId) => subscriptions.unsubscribe(trackId),
        setEnabled: (trackId, enabled) => subscriptions.setEnabled(trackId, enabled),
        setPreferredLayers: (trackId, layers) => subscriptions.setPreferredLayers(trackId, layers),
        stats: (trackId) => this.#statsOfRemote(trackId),
        audioLevel: (trackId) => subscriptions.audioLevel(trackId),
        playbackBlocked: (track, element) => this.#events.emit('playbackBlocked', { track, element }),
      },
      {
        trackAppeared: (trackId) => this.#joined.autoSubscribe && subscriptions.subscribe(trackId),
        trackVanished: (trackId) => subscriptions.handleTrackGone(trackId),
        trackMoved: (trackId) => subscriptions.handleTrackMoved(trackId),
      },
    );
  }

  async #statsOfLocal(trackId: string): Promise<TrackStats | undefined> {
    const track = this.#publications.tracks.get(trackId);
    const rates = await this.#publications.measure(trackId);
    const { identity, nodeId } = this.localParticipant;
    if (!track || !rates) return undefined;
    const { kind, source, muted } = track;
    return summarize({ trackId, identity, kind, source, muted, nodeId }, rates);
  }

  async #statsOfRemote(trackId: string): Promise<TrackStats | undefined> {
    const track = this.#roster.track(trackId);
    const rates = await this.#subscriptions.measure(trackId);
    if (!track || !rates) return undefined;
    const { identity, kind, source, muted, nodeId, currentLayers: layers } = track;
    return summarize({ trackId, identity, kind, source, muted, nodeId, layers }, rates);
  }
}

// Session and node change under the same participant.
function localParticipant(
  { name, metadata, role, entered }: Joined,
  session: Session,
  { tracks }: Publications,
): LocalParticipant {
  return {
    identity: entered.answer.identity,
    name,
    metadata,
    role,
    tracks,
    get sessionId() {
      return session.held.sessionId;
    },
    get nodeId() {
      return session.held.nodeId;
    },
  };
}

/** An id that fits into SDP, which a participant's identity need not (RFC 8830 §2). */
function syncGroupOf({ tracks, participants }: RoomState, trackId: string): string {
  const track = tracks.get(trackId);
  const publisher = track && participants.get(track.identity);
  if (!publisher) return trackId;
  return `${publisher.sessionId}-${track.source.startsWith('screen') ? 'screen' : 'camera'}`;
}
