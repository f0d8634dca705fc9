import {
  SkeinError,
  type Layers,
  type ReadySubscription,
  type RtpCapabilities,
  type SessionRef,
  type SessionRequest,
  type SessionResponse,
  type SubscribeResult,
  type Track,
} from '@skein/protocol';
import { SingleFlight } from '@skein/runtime';
import type { ClientTransport, MediaRouter, MediaSink, MediaSource } from '../media/engine.ts';
import { attainable, sameLayers, topOf } from '../media/layers.ts';
import { mediaKey, type MediaKey } from '../media/media-key.ts';
import { SessionError } from './session-errors.ts';
import type { SessionRoom } from './session-room.ts';
import { chooseReady, fittingCount } from './ready-choice.ts';
import { canReceive, priorityOf } from './track-rules.ts';

/** How long a track may take to arrive from its node before `subscribe` fails `PIPE_FAILED`. */
export const SUBSCRIBE_DEADLINE_MS = 3000;

interface Subscription {
  readonly subscriptionId: string;
  readonly track: Track;
  readonly source: MediaSource;
  readonly sink: MediaSink;
  readonly demand: Disposable;
  readonly listeners: readonly Disposable[];
  /** The layers that the client requested; it gets lower ones while those do not arrive. */
  preferred: Layers | undefined;
}

type SubscriptionUpdate = SessionRequest<'updateSubscriptions'>['updates'][number];

export interface SubscriptionsDeps {
  readonly session: SessionRef;
  readonly room: SessionRoom;
  readonly router: MediaRouter;
  /** Absent: the session has no transport that receives. */
  readonly transport: ClientTransport | undefined;
  readonly capabilities: RtpCapabilities;
  /** Aborted when the session ends. */
  readonly signal: AbortSignal;
}

/** The tracks that one session receives. */
export class Subscriptions {
  readonly #deps: SubscriptionsDeps;
  readonly #byId = new Map<string, Subscription>();
  readonly #byMedia = new Map<MediaKey, Subscription>();
  /** Their sources were replaced, and clients were notified; they flow on until these have switched. */
  readonly #leaving = new Set<Subscription>();
  readonly #subscribing = new SingleFlight<MediaKey, ReadySubscription>();

  constructor(deps: SubscriptionsDeps) {
    this.#deps = deps;
  }

  get all(): readonly { subscriptionId: string; media: MediaKey; sink: MediaSink }[] {
    return [...this.#byId.values()].map(({ subscriptionId, track, sink }) => ({
      subscriptionId,
      media: mediaKey(track),
      sink,
    }));
  }

  /** What is sent to the client, with its source. */
  get flows(): Iterable<Pick<Subscription, 'source' | 'sink'>> {
    return this.#byId.values();
  }

  /**
   * Subscribes to the track's present epoch, or to a newer one that appears meanwhile; a subscription to an earlier epoch
   * stays beside it. Idempotent, also while the first request runs.
   */
  async subscribe(
    request: SessionRequest<'subscribe'>,
    deadlineMs = SUBSCRIBE_DEADLINE_MS,
  ): Promise<ReadySubscription> {
    const { trackId } = request;
    const track = this.#find(trackId) ?? (await this.#findAfterSync(trackId));
    if (!track) throw SessionError.trackNotFound(trackId);
    this.#check(track);
    const media = mediaKey(track);
    try {
      return await this.#subscribing.run(media, async () => {
        const present = this.#byMedia.get(media);
        return present ? answerFor(present) : await this.#create(track, request, deadlineMs);
      });
    } catch (error) {
      // Its publisher moved meanwhile. Epochs only rise, so this recursion ends.
      const newer = (this.#find(trackId)?.epoch ?? 0) > track.epoch;
      if (!newer || this.#deps.signal.aborted) throw error;
      return await this.subscribe(request, deadlineMs);
    }
  }

  /**
   * Subscribes to the room's tracks, microphones first: as many as fit into one answer and arrive within `deadlineMs`.
   * The client subscribes to the others.
   */
  async subscribeToAll(deadlineMs: number): Promise<ReadySubscription[]> {
    const { session, room, capabilities } = this.#deps;
    const tracks = chooseReady(room.view.state?.tracks.values() ?? [], {
      canReceive: ({ identity, mimeType }) =>
        identity !== session.identity && canReceive(capabilities, mimeType),
    });
    const results = await Promise.allSettled(
      tracks.map(({ trackId }) => this.subscribe({ trackId }, deadlineMs)),
    );
    const made = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const fitting = made.slice(0, fittingCount(made));
    // The client never learns of these, and would get new ones when it subscribes.
    for (const { subscriptionId } of made.slice(fitting.length)) this.unsubscribe(subscriptionId);
    return fitting;
  }

  /**
   * A result for each track, in order, as far as they fit into one answer. The client requests the rest again, and gets
   * what was created meanwhile.
   */
  async subscribeMany({
    tracks,
  }: SessionRequest<'subscribeMany'>): Promise<SessionResponse<'subscribeMany'>> {
    const results = await Promise.all(
      tracks.map(async (request): Promise<SubscribeResult> => {
        const { trackId } = request;
        try {
          return { trackId, subscription: await this.subscribe(request) };
        } catch (error) {
          this.#deps.signal.throwIfAborted();
          return { trackId, error: this.#failure(error) };
        }
      }),
    );
    return { results: results.slice(0, fittingCount(results)) };
  }

  #failure(thrown: unknown): Extract<SubscribeResult, { error: object }>['error'] {
    const error = SkeinError.from(thrown);
    if (error.code === 'INTERNAL')
      this.#deps.room.log.error({ event: 'subscription.failed', err: thrown }, 'a subscription failed');
    return { ...error.toWire() } as Extract<SubscribeResult, { error: object }>['error'];
  }

  /**
   * Each update is independent: a refused one does not affect the others, and the answer contains its error. Fails, with
   * the first error, only when every update is refused.
   */
  async update({
    updates,
  }: SessionRequest<'updateSubscriptions'>): Promise<SessionResponse<'updateSubscriptions'>> {
    const results = await Promise.allSettled(updates.map((update) => this.#update(update)));
    const refused = results.flatMap((result, index) => {
      const update = updates[index];
      if (result.status === 'fulfilled' || !update) return [];
      return [{ subscriptionId: update.subscriptionId, error: SkeinError.from(result.reason) }];
    });
    const [first] = refused;
    if (!first) return {};
    if (refused.length === updates.length) throw first.error;
    return {
      refused: refused.map(({ subscriptionId, error }) => ({ subscriptionId, error: error.toWire() })),
    };
  }

  unsubscribe(subscriptionId: string): void {
    const subscription = this.#byId.get(subscriptionId);
    if (subscription) this.#free(subscription);
  }

  close(): void {
    for (const subscription of [...this.#byId.values(), ...this.#leaving]) this.#free(subscription);
  }

  async #update({ subscriptionId, paused, preferredLayers }: SubscriptionUpdate): Promise<void> {
    const subscription = this.#byId.get(subscriptionId);
    if (!subscription) throw SessionError.subscriptionNotFound(subscriptionId);
    const { sink } = subscription;
    if (preferredLayers) {
      subscription.preferred = preferredLayers;
      await applyPreferred(subscription);
    }
    if (paused !== undefined && paused !== sink.paused) await (paused ? sink.pause() : sink.resume());
  }

  #find(trackId: string): Track | undefined {
    return this.#deps.room.view.state?.tracks.get(trackId);
  }

  async #findAfterSync(trackId: string): Promise<Track | undefined> {
    const { room, signal } = this.#deps;
    await room.view.sync();
    signal.throwIfAborted();
    return this.#find(trackId);
  }

  #check(track: Track): void {
    const { session, capabilities } = this.#deps;
    if (track.identity === session.identity) throw SessionError.ownTrack(track.trackId);
    if (!canReceive(capabilities, track.mimeType))
      throw SessionError.incompatible(track.trackId, track.mimeType);
  }

  async #create(
    track: Track,
    { preferredLayers }: SessionRequest<'subscribe'>,
    deadlineMs: number,
  ): Promise<ReadySubscription> {
    const { room, router, transport, capabilities, signal } = this.#deps;
    if (!transport) throw SessionError.noTransport('recv');
    const demand = room.media.holdDemand(track, router.id);
    try {
      const source = await room.media.waitForSource(router.id, mediaKey(track), deadlineMs, signal);
      if (!router.canForward(source, capabilities))
        throw SessionError.incompatible(track.trackId, track.mimeType);
      const sink = await transport.send(source, capabilities, {
        preferredLayers: source.type === 'simple' ? undefined : attainable(preferredLayers, source),
        priority: priorityOf(track.source),
      });
      signal.throwIfAborted();
      if (source.closed) {
        sink.close();
        throw SessionError.trackNotFound(track.trackId);
      }
      return answerFor(this.#keep(track, { source, sink, demand, preferred: preferredLayers }));
    } catch (error) {
      demand[Symbol.dispose]();
      signal.throwIfAborted();
      throw error;
    }
  }

  #keep(track: Track, parts: Pick<Subscription, 'source' | 'sink' | 'demand' | 'preferred'>): Subscription {
    const { session, room } = this.#deps;
    const subscriptionId = room.ids('sub');
    const { trackId } = track;
    const { source, sink } = parts;
    const listeners = [
      // The sink may be gone with its worker or its transport, which are handled elsewhere.
      source.events.on('available', () => void applyPreferred(subscription).catch(() => {})),
      source.events.on('closed', () => this.#sourceClosed(subscription)),
      source.events.on('replaced', () => this.#sourceReplaced(subscription)),
      sink.events.on('layers', ({ layers }) => {
        const data = { subscriptionId, trackId, ...(layers && { layers }) };
        room.notify(session.sessionId, { event: 'subscriptionLayersChanged', data });
      }),
    ];
    const subscription: Subscription = { subscriptionId, track, ...parts, listeners };
    this.#byId.set(subscriptionId, subscription);
    this.#byMedia.set(mediaKey(track), subscription);
    // Fewer layers may arrive than when the sink was created.
    if (!sameLayers(source.available, topOf(source.layers)))
      void applyPreferred(subscription).catch(() => {});
    return subscription;
  }

  #sourceClosed(subscription: Subscription): void {
    const { signal } = this.#deps;
    const notified = this.#leaving.has(subscription);
    if (signal.aborted || !this.#free(subscription) || notified) return;
    // A track that the room still shows returns by another route: the client subscribes again.
    this.#notifyClosed(subscription, this.#find(subscription.track.trackId) ? 'source-lost' : 'track-ended');
  }

  /** The client subscribes again, and sees no gap if it unsubscribes only after the new track has arrived. */
  #sourceReplaced(subscription: Subscription): void {
    if (this.#deps.signal.aborted || !this.#forget(subscription)) return;
    this.#leaving.add(subscription);
    this.#notifyClosed(subscription, 'source-replaced');
  }

  #notifyClosed({ subscriptionId, track }: Subscription, reason: string): void {
    const { session, room } = this.#deps;
    room.notify(session.sessionId, {
      event: 'subscriptionClosed',
      data: { subscriptionId, trackId: track.trackId, reason },
    });
  }

  /** The next request for its track creates another subscription. */
  #forget(subscription: Subscription): boolean {
    const media = mediaKey(subscription.track);
    if (this.#byMedia.get(media) === subscription) this.#byMedia.delete(media);
    return this.#byId.delete(subscription.subscriptionId);
  }

  #free(subscription: Subscription): boolean {
    const { sink, demand, listeners } = subscription;
    if (!this.#forget(subscription) && !this.#leaving.delete(subscription)) return false;
    for (const listener of listeners) listener[Symbol.dispose]();
    sink.close();
    demand[Symbol.dispose]();
    return true;
  }
}

/** Requests the best layers that arrive: the engine would wait for one that does not. */
async function applyPreferred({ source, sink, preferred }: Subscription): Promise<void> {
  if (sink.type !== 'simple') await sink.setPreferredLayers(attainable(preferred, source));
}

function answerFor({ subscriptionId, track, source, sink }: Subscription): ReadySubscription {
  const { rtpParameters, type } = sink;
  const { trackId, epoch, kind } = track;
  return { subscriptionId, trackId, epoch, kind, rtpParameters, type, trackMuted: source.muted };
}
