import type { GatewayEvent, SkeinClientError } from '@skein/client/signaling';
import type { ClientEvent, ClientResponse, Layers, Track, TrackSource } from '@skein/protocol';
import { Emitter } from '@skein/runtime';
import {
  PeerError,
  type Joined,
  type Peer,
  type PeerEvent,
  type PeerEvents,
  type PeerPlan,
  type TrackPlan,
} from '../peer.ts';
import { Line, type Resumption } from './line.ts';
import { MediaSession, type SessionGrant } from './media-session.ts';
import { RoomView } from './room-view.ts';
import { chooseSsrcs, type SentTrack } from './sending.ts';
import type { PeerWorld } from './world.ts';

const JOIN_DEADLINE_MS = 15_000;
const LEAVE_DEADLINE_MS = 2000;
const SUBSCRIBE_RETRY_MS = 500;

/** What is told of an event, beside whose it is. */
type News = PeerEvent extends infer One ? (One extends PeerEvent ? Omit<One, 'peerId'> : never) : never;

type State =
  | { readonly kind: 'new' | 'over' }
  | {
      readonly kind: 'joined';
      readonly room: RoomView;
      readonly media: MediaSession;
      readonly resumeToken: string;
    };

/** A peer on native media. */
export class NativePeer implements Peer {
  readonly plan: PeerPlan;
  readonly events = new Emitter<PeerEvents>();
  readonly #world: PeerWorld;
  readonly #line: Line;
  readonly #identity: string;
  readonly #sent = new Map<string, SentTrack>();
  /** Tracks that are being subscribed to, by id and epoch. */
  readonly #subscribing = new Set<string>();
  #layers: Layers | undefined;
  #state: State = { kind: 'new' };
  #startedAtMs = 0;
  #lastTrack = 0;
  #noted = { packet: false, keyFrame: false };

  constructor(plan: PeerPlan, world: PeerWorld) {
    this.plan = plan;
    this.#world = world;
    this.#identity = plan.identity ?? plan.peerId;
    this.#layers = plan.preferredLayers;
    const { peerId, room, name = peerId, metadata, region, nodeId, url, otherUrls = [] } = plan;
    const { clock, random, openSocket } = world;
    const visitor = {
      room,
      identity: this.#identity,
      name,
      autoSubscribe: plan.subscribe !== false && !plan.signalingOnly,
      ...(metadata !== undefined && { metadata }),
      ...(region !== undefined && { region }),
      ...(nodeId !== undefined && { nodeId }),
    };
    this.#line = new Line(
      { clock, random, openSocket, urls: [url, ...otherUrls], visitor },
      {
        event: (event) => this.#handle(event),
        resumed: (answer) => this.#resumed(answer),
        resumption: () => this.#resumption(),
        lost: (error) => this.#lost(error),
      },
    );
  }

  /** The present session's streams, for reports. */
  get media(): MediaSession | undefined {
    return this.#state.kind === 'joined' ? this.#state.media : undefined;
  }

  get publishing(): boolean {
    return this.#sent.size > 0;
  }

  async join(signal?: AbortSignal): Promise<Joined> {
    const { meter, clock } = this.#world;
    const { joinDeadlineMs = JOIN_DEADLINE_MS, publish = [], peerId } = this.plan;
    this.#startedAtMs = clock.monotonicMs();
    let joined: Joined | undefined;
    try {
      await this.#line.join(joinDeadlineMs, signal, (answer, times) => {
        const { sessionId, nodeId, room } = answer;
        joined = { peerId, sessionId, nodeId, ...times, tracks: room.tracks.length };
        this.#begin(answer);
      });
    } catch (thrown) {
      const error = PeerError.from(thrown);
      meter.joinFailed(error.code);
      this.#end();
      throw error;
    }
    if (!joined) throw new PeerError('INTERNAL', 'the join was not answered');
    meter.counts.joins++;
    meter.joinMs.record(joined.joinMs);
    meter.answerMs.record(joined.answerMs);
    if (publish.length > 0 && !this.plan.signalingOnly) this.#run(this.publish(publish));
    return joined;
  }

  async publish(plans: readonly TrackPlan[]): Promise<void> {
    const { media } = this.#joined();
    const tracks = plans.map((plan) => ({
      trackId: `${this.plan.peerId.slice(0, 40).replaceAll(/[^\w.:-]/g, '_')}-${plan.source}-${++this.#lastTrack}`,
      plan,
      ssrcs: chooseSsrcs(plan, this.#world.random),
    }));
    for (const track of tracks) this.#sent.set(track.trackId, track);
    await Promise.all(tracks.map((track) => media.publish(track)));
  }

  async unpublish(sources: readonly TrackSource[]): Promise<void> {
    const { media } = this.#joined();
    const gone = [...this.#sent.values()].filter(({ plan }) => sources.includes(plan.source));
    for (const { trackId } of gone) {
      this.#sent.delete(trackId);
      media.stopSending(trackId);
    }
    await Promise.all(gone.map(({ trackId }) => this.#line.ask('unpublish', { trackId })));
  }

  async preferLayers(layers: Layers): Promise<void> {
    this.#layers = layers;
    await this.#joined().media.preferLayers(layers);
  }

  async leave(): Promise<void> {
    if (this.#state.kind !== 'joined') return this.#end();
    this.#state.media.close();
    this.#state = { kind: 'over' };
    // The answer may not come when the gateway closes first: either way it is over.
    await this.#line.ask('leave', {}, LEAVE_DEADLINE_MS).catch(() => undefined);
    this.#end();
  }

  vanish(): void {
    // Closing the socket is all that can be seen of a client whose machine is gone and whose kernel says so.
    this.#end();
  }

  #joined(): Extract<State, { kind: 'joined' }> {
    if (this.#state.kind !== 'joined')
      throw new PeerError('NO_SUCH_PEER', `${this.plan.peerId} is not in the room`);
    return this.#state;
  }

  #begin(answer: ClientResponse<'join'>): void {
    const { room, resumeToken } = answer;
    this.#state = { kind: 'joined', room: new RoomView(room), media: this.#newMedia(answer), resumeToken };
    this.#takeUp(this.#state.media);
  }

  #newMedia(grant: SessionGrant): MediaSession {
    return new MediaSession(this.#world, grant, (method, data) => this.#line.ask(method, data), {
      connected: (direction) => this.#tell({ type: 'connected', direction, afterMs: this.#sinceStart() }),
      firstPacket: () => this.#note('packet'),
      firstKeyFrame: () => this.#note('keyFrame'),
      broken: (message) => this.#tell({ type: 'trouble', code: 'MEDIA_FAILED', message }),
    });
  }

  /** Receives what was granted, and what of the room is missing in it. */
  #takeUp(media: MediaSession): void {
    if (this.plan.signalingOnly || this.plan.subscribe === false) return;
    this.#run(media.connectRecv());
    this.#run(media.receive(media.grant.subscriptions, this.#layers));
    this.#subscribeToMissing();
  }

  #handle(event: GatewayEvent): void {
    if (this.#state.kind !== 'joined') return;
    const { room, media } = this.#state;
    switch (event.event) {
      case 'roomChanged': {
        const applied = room.apply(event.version ?? 0, event.data);
        if (applied === 'gap') return this.#run(this.#sync());
        if (applied === 'applied' && event.data.type === 'trackPublished')
          this.#subscribeTo(event.data.track);
        if (applied === 'applied' && event.data.type === 'trackUpdated')
          this.#muted(event.data.trackId, event.data.muted);
        return;
      }
      case 'roomReplaced':
        room.replace(event.data);
        return this.#subscribeToMissing();
      case 'subscriptionClosed':
        media.receiving.remove(event.data.subscriptionId);
        return this.#subscribeAgain(event.data.trackId);
      case 'subscriptionLayersChanged': {
        const incoming = media.incoming(event.data.subscriptionId);
        if (incoming) incoming.layer = event.data.layers?.spatialLayer;
        return;
      }
      case 'sessionMoved':
        return this.#run(this.#move(event.data));
      case 'moveOver':
        return this.#line.moveOver();
      case 'sessionClosed':
        return this.#fail(`SESSION_CLOSED`, `the session was ended: ${event.data.reason}`);
      case 'welcome':
      case 'error':
        return;
    }
  }

  #subscribeToMissing(): void {
    if (this.#state.kind !== 'joined') return;
    for (const track of this.#state.room.tracks) this.#subscribeTo(track);
  }

  #subscribeAgain(trackId: string): void {
    const track = this.#state.kind === 'joined' ? this.#state.room.track(trackId) : undefined;
    if (track) this.#subscribeTo(track);
  }

  #subscribeTo(track: Track): void {
    if (this.plan.subscribe === false || this.plan.signalingOnly || track.identity === this.#identity) return;
    const { media } = this.#joined();
    const key = `${media.grant.epoch} ${track.trackId} ${track.epoch}`;
    for (const { subscription } of media.receiving.all)
      if (subscription.trackId === track.trackId && subscription.epoch >= track.epoch) return;
    if (this.#subscribing.has(key)) return;
    this.#subscribing.add(key);
    this.#run(this.#subscribe(track.trackId, media).finally(() => this.#subscribing.delete(key)));
  }

  async #subscribe(trackId: string, media: MediaSession): Promise<void> {
    const isWanted = (): boolean =>
      this.#state.kind === 'joined' &&
      this.#state.media === media &&
      this.#state.room.track(trackId) !== undefined;
    while (isWanted()) {
      try {
        const preferred =
          this.#layers && this.#joined().room.track(trackId)?.kind === 'video' && this.#layers;
        const request = { trackId, ...(preferred && { preferredLayers: preferred }) };
        const subscription = await this.#line.ask('subscribe', request);
        const old = [...media.receiving.all].filter((one) => one.subscription.trackId === trackId);
        await media.receive([subscription], this.#layers);
        for (const {
          subscription: { subscriptionId },
        } of old) {
          media.receiving.remove(subscriptionId);
          await this.#line.ask('unsubscribe', { subscriptionId });
        }
        return;
      } catch (thrown) {
        const error = PeerError.from(thrown);
        // It went while it was asked for.
        if (!isWanted() || error.code === 'TRACK_NOT_FOUND') return;
        this.#tell({ type: 'trouble', code: error.code, message: `${trackId}: ${error.message}` });
        await this.#world.clock.sleep(SUBSCRIBE_RETRY_MS);
      }
    }
  }

  #muted(trackId: string, muted: boolean): void {
    for (const incoming of this.media?.receiving.all ?? [])
      if (incoming.subscription.trackId === trackId) incoming.muted = muted;
  }

  async #sync(): Promise<void> {
    const { room } = this.#joined();
    this.#catchUp(await this.#line.ask('sync', { version: room.version }));
  }

  #catchUp(state: ClientResponse<'sync'>): void {
    if (this.#state.kind !== 'joined') return;
    const { room } = this.#state;
    if ('snapshot' in state) room.replace(state.snapshot);
    else for (const { version, change } of state.changes) room.apply(version, change);
    this.#subscribeToMissing();
  }

  async #move(moved: ClientEvent<'sessionMoved'>): Promise<void> {
    const { room, media: old } = this.#joined();
    if (moved.epoch <= old.grant.epoch) return;
    const media = this.#newMedia(moved);
    if (moved.mode === 'rebuild') old.close();
    this.#state = { kind: 'joined', room, media, resumeToken: moved.resumeToken };
    this.#tell({ type: 'moved', nodeId: moved.nodeId, mode: moved.mode });
    this.#takeUp(media);
    const published = await Promise.allSettled([...this.#sent.values()].map((track) => media.publish(track)));
    old.close();
    if (moved.mode === 'switch') await this.#line.ask('finishMove', { epoch: moved.epoch });
    const failed = published.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }

  #resumption(): Resumption | undefined {
    if (this.#state.kind !== 'joined') return undefined;
    const { room, media, resumeToken } = this.#state;
    const { sessionId, epoch, nodeId } = media.grant;
    return { sessionId, epoch, nodeId, resumeToken, version: room.version };
  }

  #resumed({ resumeToken, state }: ClientResponse<'resume'>): void {
    if (this.#state.kind !== 'joined') return;
    this.#state = { ...this.#state, resumeToken };
    this.#catchUp(state);
  }

  #lost({ code, message }: SkeinClientError): void {
    this.#fail(code, message);
  }

  #fail(code: string, message: string): void {
    if (this.#state.kind === 'over') return;
    this.#end();
    this.#tell({ type: 'lost', code, message });
  }

  #end(): void {
    if (this.#state.kind === 'joined') this.#state.media.close();
    this.#state = { kind: 'over' };
    this.#sent.clear();
    this.#line.close();
  }

  #note(what: 'packet' | 'keyFrame'): void {
    // Once per peer, and not again after a move.
    if (this.#noted[what]) return;
    this.#noted[what] = true;
    const afterMs = this.#sinceStart();
    const { meter } = this.#world;
    (what === 'packet' ? meter.firstPacketMs : meter.firstKeyFrameMs).record(afterMs);
    this.#tell({ type: what === 'packet' ? 'firstPacket' : 'firstKeyFrame', afterMs });
  }

  #sinceStart(): number {
    return this.#world.clock.monotonicMs() - this.#startedAtMs;
  }

  /** Work that nobody waits for: its failure is told, unless it is over anyway. */
  #run(work: Promise<void>): void {
    work.catch((thrown: unknown) => {
      if (this.#state.kind !== 'joined') return;
      const { code, message } = PeerError.from(thrown);
      this.#tell({ type: 'trouble', code, message });
    });
  }

  #tell(news: News): void {
    this.events.emit('event', { ...news, peerId: this.plan.peerId });
  }
}
