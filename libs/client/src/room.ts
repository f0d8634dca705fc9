import type { ClientResponse, RoomState } from '@skein/protocol';
import { Emitter, type Listener } from '@skein/runtime/emitter';
import { SkeinClientError } from './client-error.ts';
import type { Environment } from './environment.ts';
import type { MediaLink } from './media/engine.ts';
import { IceRecovery } from './media/ice-recovery.ts';
import { linkSignals } from './media/link-signals.ts';
import type { LocalTrack } from './media/local-track.ts';
import { Publications, type PublishOptions } from './media/publications.ts';
import { Subscriptions } from './media/subscriptions.ts';
import { summarize, type RoomStats, type TrackStats } from './media/track-stats.ts';
import type { LocalParticipant, RemoteParticipant } from './participants.ts';
import type { CloseReason, ConnectionState, RoomEvents } from './room-events.ts';
import { RoomFeed } from './room-model/room-feed.ts';
import { Roster } from './room-model/roster.ts';
import { closeReasonOf } from './signaling/close-reason.ts';
import type { SignalingConnection } from './signaling/connection.ts';
import type { EarlyEvents } from './signaling/early-events.ts';
import type { GatewayEvent } from './signaling/frames.ts';
import { Heartbeat } from './signaling/heartbeat.ts';

/** What a join came to: all that a room is made of. */
export interface Joined {
  readonly answer: ClientResponse<'join'>;
  readonly connection: SignalingConnection;
  readonly environment: Environment;
  /** What the gateway told before this room existed. */
  readonly early: EarlyEvents;
  readonly name: string;
  readonly metadata: string | undefined;
  readonly autoSubscribe: boolean;
  readonly pingIntervalMs: number;
}

const LEAVE_DEADLINE_MS = 2000;
const SYNC_RETRY_MS = 1000;

/** A room that this client is in. Made by `connect`. Read its state first, then follow its events. */
export class Room {
  /** The room's name. */
  readonly name: string;
  readonly localParticipant: LocalParticipant;
  readonly #events = new Emitter<RoomEvents>();
  readonly #joined: Joined;
  readonly #closing = new AbortController();
  readonly #feed: RoomFeed;
  readonly #roster: Roster;
  readonly #subscriptions: Subscriptions;
  readonly #publications: Publications;
  readonly #link: MediaLink;
  readonly #ice: IceRecovery;
  readonly #heartbeat: Heartbeat;
  #connection: ConnectionState;

  /** Not for callers: `connect` makes rooms. */
  constructor(joined: Joined) {
    this.#joined = joined;
    const { answer, connection, environment, pingIntervalMs } = joined;
    const { clock, random, engine, newId } = environment;
    this.name = answer.room.room;
    this.#connection = { state: 'connected', sessionId: answer.sessionId, nodeId: answer.nodeId };
    this.#feed = new RoomFeed(answer.room);
    this.#subscriptions = new Subscriptions(this.#subscriptionPorts(), clock, random);
    this.#publications = new Publications(
      {
        unpublish: (trackId) => connection.request('unpublish', { trackId }),
        setTrackMuted: (trackId, muted) => connection.request('setTrackMuted', { trackId, muted }),
      },
      { stats: (trackId) => this.#statsOfLocal(trackId) },
      () => newId('trk'),
    );
    this.#roster = this.#makeRoster();
    this.localParticipant = this.#makeLocalParticipant();
    this.#ice = new IceRecovery(clock, async (direction) => {
      const { iceParameters } = await connection.request('restartIce', { direction });
      await this.#link.restartIce(direction, iceParameters);
    });
    const stateChanged = this.#ice.handleState.bind(this.#ice);
    this.#link = engine.openLink(
      answer,
      linkSignals({
        connection,
        clock,
        closing: this.#closing.signal,
        stateChanged,
        failed: (error) => this.#report(error),
      }),
    );
    this.#heartbeat = new Heartbeat(
      clock,
      pingIntervalMs,
      () => connection.request('ping', {}, { deadlineMs: pingIntervalMs }),
      () => this.#close('connection-lost', SkeinClientError.connectionLost('the gateway does not answer')),
    );
    this.#wire();
    this.#start(answer);
  }

  /** Everyone else in the room, by identity. */
  get participants(): ReadonlyMap<string, RemoteParticipant> {
    return this.#roster.participants;
  }

  get connection(): ConnectionState {
    return this.#connection;
  }

  /** Calls `listener` on every `event` until the result is disposed. A listener that throws disturbs nobody. */
  on<Name extends keyof RoomEvents>(event: Name, listener: Listener<RoomEvents[Name]>): Disposable {
    return this.#events.on(event, listener);
  }

  /**
   * Publishes what was captured; resolves when the room has it. Fails with the gateway's code, `MEDIA_FAILED`, or
   * `ROOM_CLOSED`; the capture is never stopped by a failure.
   */
  async publish(mediaStreamTrack: MediaStreamTrack, options: PublishOptions): Promise<LocalTrack> {
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
      signalingRoundTripMs: this.#heartbeat.roundTripMs,
      sent: sent.filter((track) => track !== undefined),
      received: received.filter((track) => track !== undefined),
    };
  }

  /** Leaves: told to the others at once, waited for at most two seconds. Never fails; safe to repeat. */
  async leave(): Promise<void> {
    if (this.#connection.state === 'closed') return;
    const left = this.#joined.connection.request('leave', {}, { deadlineMs: LEAVE_DEADLINE_MS });
    await left.catch(() => undefined);
    this.#close('left');
  }

  #wire(): void {
    const { connection } = this.#joined;
    connection.events.on('event', (event) => this.#handleEvent(event));
    connection.events.on('closed', ({ code, error }) => this.#close(closeReasonOf(code), error));
    this.#feed.events.on('changed', ({ before, after }) => this.#roster.handleRoom(before, after));
    this.#feed.events.on('syncNeeded', ({ version }) => void this.#sync(version));
    this.#subscriptions.events.on('media', ({ trackId, mediaStreamTrack }) =>
      this.#roster.handleMedia(trackId, mediaStreamTrack),
    );
    this.#subscriptions.events.on('layers', ({ trackId, layers }) =>
      this.#roster.handleLayers(trackId, layers),
    );
    this.#subscriptions.events.on('failed', ({ error }) => this.#report(error));
    this.#publications.events.on('published', (payload) => this.#events.emit('localTrackPublished', payload));
    this.#publications.events.on('unpublished', (payload) =>
      this.#events.emit('localTrackUnpublished', payload),
    );
    this.#publications.events.on('ended', (payload) => this.#events.emit('localTrackEnded', payload));
    this.#ice.events.on('changed', ({ interrupted }) => this.#handleMedia(interrupted));
  }

  #start({ room, subscriptions }: ClientResponse<'join'>): void {
    this.#publications.handleLink(this.#link);
    this.#subscriptions.handleLink(this.#link, subscriptions);
    const nobody: RoomState = { room: room.room, version: -1, participants: new Map(), tracks: new Map() };
    this.#roster.handleRoom(nobody, this.#feed.room);
    this.#joined.early.replayTo((event) => this.#handleEvent(event));
  }

  #handleEvent(event: GatewayEvent): void {
    switch (event.event) {
      case 'welcome':
        return;
      case 'roomChanged':
        if (event.version !== undefined)
          this.#feed.handleChange({ version: event.version, change: event.data });
        return;
      case 'roomReplaced':
        return this.#feed.handleSnapshot(event.data);
      case 'subscriptionClosed':
        return this.#subscriptions.handleClosed(event.data);
      case 'subscriptionLayersChanged':
        return this.#subscriptions.handleLayersChanged(event.data);
      case 'sessionClosed':
        this.#events.emit('sessionClosed', event.data);
        return this.#close(event.data.reason);
      case 'error':
        return this.#report(SkeinClientError.fromGateway(event.data));
    }
  }

  async #sync(version: number): Promise<void> {
    const { connection, environment } = this.#joined;
    while (!connection.closed) {
      try {
        return this.#feed.handleSynced(await connection.request('sync', { version }));
      } catch (thrown) {
        const { retryAfterMs = SYNC_RETRY_MS } = SkeinClientError.from(thrown);
        await environment.clock.sleep(retryAfterMs, this.#closing.signal).catch(() => undefined);
      }
    }
  }

  #handleMedia(interrupted: boolean): void {
    if (this.#connection.state === 'closed') return;
    const { sessionId, nodeId } = this.localParticipant;
    this.#setConnection(
      interrupted ? { state: 'reconnecting', cause: 'media' } : { state: 'connected', sessionId, nodeId },
    );
  }

  #setConnection(next: ConnectionState): void {
    const previous = this.#connection;
    this.#connection = next;
    this.#events.emit('connectionStateChanged', { connection: next, previous });
  }

  #close(reason: CloseReason, error?: SkeinClientError): void {
    if (this.#connection.state === 'closed') return;
    const previous = this.#connection;
    this.#connection = { state: 'closed', reason, error };
    this.#closing.abort(SkeinClientError.roomClosed());
    this.#heartbeat[Symbol.dispose]();
    this.#ice[Symbol.dispose]();
    this.#publications.close();
    this.#subscriptions.close();
    this.#link.close();
    this.#joined.connection.close();
    this.#events.emit('connectionStateChanged', { connection: this.#connection, previous });
  }

  #report(error: SkeinClientError): void {
    if (this.#connection.state !== 'closed') this.#events.emit('error', { error });
  }

  #subscriptionPorts(): ConstructorParameters<typeof Subscriptions>[0] {
    const { connection } = this.#joined;
    return {
      subscribe: (trackId, preferredLayers) =>
        connection.request('subscribe', { trackId, ...(preferredLayers && { preferredLayers }) }),
      unsubscribe: (subscriptionId) => connection.request('unsubscribe', { subscriptionId }),
      update: (updates) => connection.request('updateSubscriptions', { updates }),
      syncGroupOf: (trackId) => syncGroupOf(this.#feed.room, trackId),
    };
  }

  #makeRoster(): Roster {
    const subscriptions = this.#subscriptions;
    return new Roster(
      this.#joined.answer.identity,
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
      },
    );
  }

  #makeLocalParticipant(): LocalParticipant {
    const { answer, name, metadata } = this.#joined;
    const { identity, sessionId, nodeId } = answer;
    return { identity, name, metadata, sessionId, nodeId, tracks: this.#publications.tracks };
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

/** An id that fits into SDP, which a participant's identity need not (RFC 8830 §2). */
function syncGroupOf({ tracks, participants }: RoomState, trackId: string): string {
  const track = tracks.get(trackId);
  const publisher = track && participants.get(track.identity);
  if (!publisher) return trackId;
  return `${publisher.sessionId}-${track.source.startsWith('screen') ? 'screen' : 'camera'}`;
}
