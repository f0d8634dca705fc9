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

/** How long a track may take to come from its node before `subscribe` fails with `PIPE_FAILED`. */
export const SUBSCRIBE_DEADLINE_MS = 3000;

interface Subscription {
  readonly subscriptionId: string;
  readonly track: Track;
  readonly source: MediaSource;
  readonly sink: MediaSink;
  readonly need: Disposable;
  readonly listeners: readonly Disposable[];
  /** What the client asked for; it gets less while less arrives. */
  wish: Layers | undefined;
}

type SubscriptionUpdate = SessionRequest<'updateSubscriptions'>['updates'][number];

export interface SubscriptionsParts {
  readonly session: SessionRef;
  readonly room: SessionRoom;
  readonly router: MediaRouter;
  /** Absent: the session was opened without one that receives. */
  readonly transport: ClientTransport | undefined;
  readonly capabilities: RtpCapabilities;
  /** Aborted when the session ends. */
  readonly signal: AbortSignal;
}

/** The tracks that one session receives. */
export class Subscriptions {
  readonly #parts: SubscriptionsParts;
  readonly #byId = new Map<string, Subscription>();
  readonly #byMedia = new Map<MediaKey, Subscription>();
  /** Their tracks come by another source, and clients were told; they flow on until these have gone over. */
  readonly #leaving = new Set<Subscription>();
  readonly #subscribing = new SingleFlight<MediaKey, ReadySubscription>();

  constructor(parts: SubscriptionsParts) {
    this.#parts = parts;
  }

  get all(): readonly { subscriptionId: string; media: MediaKey; sink: MediaSink }[] {
    return [...this.#byId.values()].map(({ subscriptionId, track, sink }) => ({
      subscriptionId,
      media: mediaKey(track),
      sink,
    }));
  }

  /** What is sent to the client, and from where. */
  get flows(): Iterable<Pick<Subscription, 'source' | 'sink'>> {
    return this.#byId.values();
  }

  /**
   * To the track as the room's state has it now, or while it is waited for; a subscription to an earlier epoch of it stays
   * beside. Repeating it answers with the same subscription, also while the first is under way.
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
      // Its publisher moved while it was waited for. Epochs only rise, so that this ends.
      const newer = (this.#find(trackId)?.epoch ?? 0) > track.epoch;
      if (!newer || this.#parts.signal.aborted) throw error;
      return await this.subscribe(request, deadlineMs);
    }
  }

  /**
   * Subscriptions to the room's tracks, microphones first: as many as one answer holds and as can be had within
   * `deadlineMs`. The others are for the client to ask for.
   */
  async subscribeToAll(deadlineMs: number): Promise<ReadySubscription[]> {
    const { session, room, capabilities } = this.#parts;
    const tracks = chooseReady(room.state?.tracks.values() ?? [], {
      canHave: ({ identity, mimeType }) =>
        identity !== session.identity && canReceive(capabilities, mimeType),
    });
    const results = await Promise.allSettled(
      tracks.map(({ trackId }) => this.subscribe({ trackId }, deadlineMs)),
    );
    const made = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const fitting = made.slice(0, fittingCount(made));
    // The client never hears of these, and would get others when it asks.
    for (const { subscriptionId } of made.slice(fitting.length)) this.unsubscribe(subscriptionId);
    return fitting;
  }

  /**
   * A result for each track, in order, as far as one answer holds them. What was made and does not fit is answered when it
   * is asked for again.
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
          this.#parts.signal.throwIfAborted();
          return { trackId, error: this.#failure(error) };
        }
      }),
    );
    return { results: results.slice(0, fittingCount(results)) };
  }

  #failure(thrown: unknown): Extract<SubscribeResult, { error: object }>['error'] {
    const error = SkeinError.from(thrown);
    if (error.code === 'INTERNAL') this.#parts.room.log.error({ err: thrown }, 'a subscription failed');
    return { ...error.toWire() } as Extract<SubscribeResult, { error: object }>['error'];
  }

  /**
   * Each update stands alone: one that is refused changes nothing for the others, and the answer says why. Fails, with the
   * first reason, only when every update is refused.
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
      subscription.wish = preferredLayers;
      await applyWish(subscription);
    }
    if (paused !== undefined && paused !== sink.paused) await (paused ? sink.pause() : sink.resume());
  }

  #find(trackId: string): Track | undefined {
    return this.#parts.room.state?.tracks.get(trackId);
  }

  async #findAfterSync(trackId: string): Promise<Track | undefined> {
    const { room, signal } = this.#parts;
    await room.sync();
    signal.throwIfAborted();
    return this.#find(trackId);
  }

  #check(track: Track): void {
    const { session, capabilities } = this.#parts;
    if (track.identity === session.identity) throw SessionError.ownTrack(track.trackId);
    if (!canReceive(capabilities, track.mimeType))
      throw SessionError.incompatible(track.trackId, track.mimeType);
  }

  async #create(
    track: Track,
    { preferredLayers }: SessionRequest<'subscribe'>,
    deadlineMs: number,
  ): Promise<ReadySubscription> {
    const { room, router, transport, capabilities, signal } = this.#parts;
    if (!transport) throw SessionError.noTransport('recv');
    const need = room.holdNeed(track, router.id);
    try {
      const source = await room.source(router.id, mediaKey(track), deadlineMs, signal);
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
      return answerFor(this.#keep(track, { source, sink, need, wish: preferredLayers }));
    } catch (error) {
      need[Symbol.dispose]();
      signal.throwIfAborted();
      throw error;
    }
  }

  #keep(track: Track, parts: Pick<Subscription, 'source' | 'sink' | 'need' | 'wish'>): Subscription {
    const { session, room } = this.#parts;
    const subscriptionId = room.ids('sub');
    const { trackId } = track;
    const { source, sink } = parts;
    const listeners = [
      // Its sink is gone with its worker or its transport, which are told elsewhere.
      source.events.on('available', () => void applyWish(subscription).catch(() => {})),
      source.events.on('closed', () => this.#sourceClosed(subscription)),
      source.events.on('replaced', () => this.#sourceReplaced(subscription)),
      sink.events.on('layers', ({ layers }) => {
        const data = { subscriptionId, trackId, ...(layers && { layers }) };
        room.tell(session.sessionId, { event: 'subscriptionLayersChanged', data });
      }),
    ];
    const subscription: Subscription = { subscriptionId, track, ...parts, listeners };
    this.#byId.set(subscriptionId, subscription);
    this.#byMedia.set(mediaKey(track), subscription);
    // It may have become less while the sink was made.
    if (!sameLayers(source.available, topOf(source.layers))) void applyWish(subscription).catch(() => {});
    return subscription;
  }

  #sourceClosed(subscription: Subscription): void {
    const { signal } = this.#parts;
    const told = this.#leaving.has(subscription);
    if (signal.aborted || !this.#free(subscription) || told) return;
    // A track that the room still shows comes back by another way: the client is to subscribe again.
    this.#tellClosed(subscription, this.#find(subscription.track.trackId) ? 'source-lost' : 'track-ended');
  }

  /** The client is to subscribe again, and sees no gap if it lets go of the old one only when the new one has come. */
  #sourceReplaced(subscription: Subscription): void {
    if (this.#parts.signal.aborted || !this.#forget(subscription)) return;
    this.#leaving.add(subscription);
    this.#tellClosed(subscription, 'source-replaced');
  }

  #tellClosed({ subscriptionId, track }: Subscription, reason: string): void {
    const { session, room } = this.#parts;
    room.tell(session.sessionId, {
      event: 'subscriptionClosed',
      data: { subscriptionId, trackId: track.trackId, reason },
    });
  }

  /** Asking for its track makes another one. */
  #forget(subscription: Subscription): boolean {
    const media = mediaKey(subscription.track);
    if (this.#byMedia.get(media) === subscription) this.#byMedia.delete(media);
    return this.#byId.delete(subscription.subscriptionId);
  }

  #free(subscription: Subscription): boolean {
    const { sink, need, listeners } = subscription;
    if (!this.#forget(subscription) && !this.#leaving.delete(subscription)) return false;
    for (const listener of listeners) listener[Symbol.dispose]();
    sink.close();
    need[Symbol.dispose]();
    return true;
  }
}

/** A layer that does not arrive any more would be waited for: the best one below is sent instead. */
async function applyWish({ source, sink, wish }: Subscription): Promise<void> {
  if (sink.type !== 'simple') await sink.setPreferredLayers(attainable(wish, source));
}

function answerFor({ subscriptionId, track, source, sink }: Subscription): ReadySubscription {
  const { rtpParameters, type } = sink;
  const { trackId, epoch, kind } = track;
  return { subscriptionId, trackId, epoch, kind, rtpParameters, type, trackMuted: source.muted };
}
