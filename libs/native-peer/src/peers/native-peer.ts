import { connect, type CloseReason, type LocalTrack, type Room, type SkeinClientError } from '@skein/client';
import type { OpenSocket } from '@skein/client/signaling';
import { kindOfSource, type Layers, type TrackSource } from '@skein/protocol';
import { Emitter } from '@skein/runtime';
import { PeerError } from '../engine/errors.ts';
import type { Joined, Peer, PeerEvent, PeerEvents, PeerPlan, TrackPlan } from './peer.ts';
import { NativeEngine, type NativeEngineHandlers } from '../engine/native-engine.ts';
import { capturedTrack } from '../engine/native-track.ts';
import type { IncomingStreams } from '../engine/incoming-streams.ts';
import { withToken } from './token.ts';
import type { PeerWorld } from '../engine/world.ts';

const JOIN_DEADLINE_MS = 15_000;
/** Any code that no gateway takes for leaving (`docs/protocol.md`). */
const VANISHED_CODE = 4900;

/** A `PeerEvent` without its `peerId`. */
type News = PeerEvent extends infer One ? (One extends PeerEvent ? Omit<One, 'peerId'> : never) : never;

type State =
  { readonly kind: 'new' | 'over' } | { readonly kind: 'joined'; readonly room: Room; nodeId: string };

/** A peer: the SDK that browsers run, on a native media engine. So it follows moves, drains and lost sockets as they do. */
export class NativePeer implements Peer {
  readonly plan: PeerPlan;
  readonly events = new Emitter<PeerEvents>();
  readonly #world: PeerWorld;
  readonly #engine: NativeEngine;
  readonly #published = new Set<LocalTrack>();
  #layers: Layers | undefined;
  #state: State = { kind: 'new' };
  #startedAtMs = 0;
  #askedAtMs = 0;
  #vanished = false;
  #lastTrack = 0;
  #noted = { packet: false, keyFrame: false };

  constructor(plan: PeerPlan, world: PeerWorld) {
    this.plan = plan;
    this.#world = world;
    this.#layers = plan.preferredLayers;
    const handlers: NativeEngineHandlers = {
      connected: (direction) => this.#tell({ type: 'connected', direction, afterMs: this.#sinceStart() }),
      firstPacket: () => this.#note('packet'),
      firstKeyFrame: () => this.#note('keyFrame'),
    };
    this.#engine = new NativeEngine(world, handlers, plan.connectDelayMs);
  }

  get receiving(): IncomingStreams[] {
    return this.#engine.receiving;
  }

  get publishing(): boolean {
    return this.#published.size > 0;
  }

  async join(signal?: AbortSignal): Promise<Joined> {
    const { meter, clock } = this.#world;
    this.#startedAtMs = clock.monotonicMs();
    const room = await this.#connect(signal);
    const nowMs = clock.monotonicMs();
    const { sessionId, nodeId } = room.localParticipant;
    this.#state = { kind: 'joined', room, nodeId };
    this.#wire(room);
    // Those that were there before.
    if (this.#layers) await this.preferLayers(this.#layers);
    const tracks = [...room.participants.values()].reduce((sum, one) => sum + one.tracks.size, 0);
    const times = { joinMs: nowMs - this.#startedAtMs, answerMs: nowMs - this.#askedAtMs };
    meter.counts.joins++;
    meter.joinMs.record(times.joinMs);
    meter.answerMs.record(times.answerMs);
    const { publish = [], peerId, signalingOnly = false } = this.plan;
    if (publish.length > 0 && !signalingOnly) this.#run(this.publish(publish));
    return { peerId, sessionId, nodeId, ...times, tracks };
  }

  async publish(tracks: readonly TrackPlan[]): Promise<void> {
    const { room } = this.#joined();
    await Promise.all(tracks.map((track) => this.#publish(room, track)));
  }

  async unpublish(sources: readonly TrackSource[]): Promise<void> {
    const gone = [...this.#published].filter(({ source }) => sources.includes(source));
    for (const track of gone) this.#published.delete(track);
    await Promise.all(gone.map((track) => track.unpublish()));
  }

  preferLayers(layers: Layers): Promise<void> {
    this.#layers = layers;
    for (const { tracks } of this.#joined().room.participants.values())
      for (const track of tracks.values()) if (track.spatialLayers > 1) track.setPreferredLayers(layers);
    return Promise.resolve();
  }

  /** Sends nothing until released; the room sees no change. */
  hold(held: boolean): void {
    this.#engine.hold(held);
  }

  async leave(): Promise<void> {
    const state = this.#state;
    this.#state = { kind: 'over' };
    if (state.kind === 'joined') await state.room.leave();
    this.#engine.close();
  }

  vanish(): void {
    this.#vanished = true;
    this.#engine.close();
    void this.leave();
  }

  async #connect(signal: AbortSignal | undefined): Promise<Room> {
    const { url, otherUrls = [], room, peerId, name = peerId, identity = peerId } = this.plan;
    const { metadata, role, region, nodeId, subscribe = true, signalingOnly = false } = this.plan;
    const { clock, random, meter, newId } = this.#world;
    const deadline = new AbortController();
    const { joinDeadlineMs = JOIN_DEADLINE_MS, joinRetryMs = 0 } = this.plan;
    using _timer = clock.after(joinDeadlineMs, () => deadline.abort());
    const autoSubscribe = subscribe && !signalingOnly;
    const environment = { clock, random, newId, openSocket: this.#openSocket, engine: this.#engine };
    try {
      return await connect(
        {
          ...{ url: [url, ...otherUrls], room, name, identity, metadata, role, region, nodeId },
          ...{ autoSubscribe, joinRetryMs },
          signal: signal ? AbortSignal.any([signal, deadline.signal]) : deadline.signal,
        },
        environment,
      );
    } catch (thrown) {
      const late = deadline.signal.aborted;
      const message = `join was not answered within ${joinDeadlineMs} ms`;
      const error = late
        ? new PeerError('DEADLINE_EXCEEDED', message, { cause: thrown })
        : PeerError.from(thrown);
      meter.joinFailed(error.code);
      this.#state = { kind: 'over' };
      this.#engine.close();
      throw error;
    }
  }

  /** Notes when the join was asked; once vanished, its sockets are dead wires. */
  readonly #openSocket: OpenSocket = (url, handlers) => {
    const socket = this.#world.openSocket(url, {
      opened: () => handlers.opened(),
      message: (text) => this.#vanished || handlers.message(text),
      closed: (code, reason) => handlers.closed(code, reason),
    });
    return {
      send: (text) => {
        if (this.#askedAtMs === 0) this.#askedAtMs = this.#world.clock.monotonicMs();
        if (!this.#vanished) socket.send(withToken(text, this.plan.token));
      },
      close: (code, reason) => socket.close(this.#vanished ? VANISHED_CODE : code, reason),
    };
  };

  async #publish(room: Room, plan: TrackPlan): Promise<void> {
    const { source, layers = 3 } = plan;
    const id = `${source}-${++this.#lastTrack}`;
    const track = capturedTrack(id, kindOfSource[source], plan);
    this.#published.add(await room.publish(track, { source, simulcast: layers > 1 }));
  }

  #joined(): Extract<State, { kind: 'joined' }> {
    if (this.#state.kind !== 'joined')
      throw new PeerError('NO_SUCH_PEER', `${this.plan.peerId} is not in the room`);
    return this.#state;
  }

  #wire(room: Room): void {
    room.on('error', ({ error }) => this.#trouble(error));
    room.on('trackSubscribed', ({ track }) => {
      if (this.#layers && track.spatialLayers > 1 && !track.preferredLayers)
        track.setPreferredLayers(this.#layers);
    });
    const muted = (trackId: string, isMuted: boolean): void => {
      for (const receiving of this.receiving) receiving.muted(trackId, isMuted);
    };
    room.on('trackMuted', ({ track }) => muted(track.id, true));
    room.on('trackUnmuted', ({ track }) => muted(track.id, false));
    room.on('subscriptionLayersChanged', ({ track, layers }) => {
      for (const receiving of this.receiving) receiving.layer(track.id, layers?.spatialLayer);
    });
    room.on('connectionStateChanged', ({ connection }) => {
      if (connection.state === 'closed') this.#closed(connection.reason, connection.error);
      else if (connection.state === 'connected') this.#moved(connection.nodeId);
    });
  }

  #moved(nodeId: string): void {
    if (this.#state.kind !== 'joined' || this.#state.nodeId === nodeId) return;
    this.#state.nodeId = nodeId;
    this.#tell({ type: 'moved', nodeId });
  }

  #closed(reason: CloseReason, error: SkeinClientError | undefined): void {
    if (this.#state.kind !== 'joined') return;
    this.#state = { kind: 'over' };
    this.#engine.close();
    this.#tell({ type: 'lost', code: error?.code ?? 'SESSION_CLOSED', message: error?.message ?? reason });
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

  /** Background work: a failure becomes a `trouble` event while the peer is in the room. */
  #run(work: Promise<void>): void {
    work.catch((thrown: unknown) => this.#trouble(PeerError.from(thrown)));
  }

  #trouble({ code, message }: { readonly code: string; readonly message: string }): void {
    if (this.#state.kind === 'joined') this.#tell({ type: 'trouble', code, message });
  }

  #tell(news: News): void {
    this.events.emit('event', { ...news, peerId: this.plan.peerId });
  }
}
