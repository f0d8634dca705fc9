import { kindOfSource, type TrackSource } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import { Emitter } from '@skein/runtime/emitter';
import { SkeinClientError } from '../errors/client-error.ts';
import type { MediaLink } from '../media/engine.ts';
import { PublishedTrack, type LocalTrack, type PublishedTrackOptions } from './local-track.ts';
import { watchCapture } from './capture-watch.ts';
import { Publication } from './publication.ts';
import { retryDelayMs } from '../errors/retry-delay.ts';
import type { RtpRates } from '../media/rtp-sample.ts';
import type { TrackStats } from '../media/track-stats.ts';
import type { SendPlan, VideoCodec } from '../media/send-plan.ts';

/** The gateway and the room, as publications need them. */
export interface PublicationsDeps {
  readonly clock: Clock;
  readonly newTrackId: () => string;
  unpublish(trackId: string): Promise<unknown>;
  setTrackMuted(trackId: string, muted: boolean): Promise<unknown>;
  stats(trackId: string): Promise<TrackStats | undefined>;
}

export interface PublicationEvents {
  published: { readonly track: LocalTrack };
  unpublished: { readonly track: LocalTrack };
  /** The capture ended, and not because the page stopped it. */
  ended: { readonly track: LocalTrack };
  /** The system interrupted the capture or gave it back, or it ended. */
  captureChanged: { readonly track: LocalTrack };
  /** A property of a track has changed. */
  changed: { readonly track: LocalTrack };
  /** A track could not be published on the node of a migration; the next migration retries. */
  failed: { readonly track: LocalTrack; readonly error: SkeinClientError };
}

export interface PublishOptions {
  /** Tells other participants what the track shows. */
  readonly source: TrackSource;
  /** Send several layers, so that each receiver gets one that fits its link. Default: yes, except for screens in VP9 and AV1. */
  readonly simulcast?: boolean;
  /** Default `vp8`. */
  readonly codec?: VideoCodec;
  readonly name?: string;
  /** Publish without sending until `unmute()`. Default false. */
  readonly muted?: boolean;
}

/** Attempts of a request before it fails for the caller. */
const ATTEMPTS = 4;
const MAX_RETRY_DELAY_MS = 1000;
/** Attempts to remove a stale track in the background: some minutes with backoff. */
const REMOVE_ATTEMPTS = 40;
/** Interval of checks of the capture size. */
const OBSERVE_EVERY_MS = 500;
/** How long `TOO_MANY_REQUESTS` is retried: an application that toggles in a loop gets its last state a little later. */
const RATE_LIMIT_RETRY_MS = 30_000;

/** The tracks that this client publishes, over its current links. */
export class Publications {
  readonly events = new Emitter<PublicationEvents>();
  readonly #deps: PublicationsDeps;
  readonly #publications = new Map<string, Publication>();
  /** Tracks that the room has; a subset of the publications. */
  readonly #tracks = new Map<string, LocalTrack>();
  readonly #captures = new Map<string, Disposable>();
  #link: MediaLink | undefined;
  #observing: Disposable | undefined;
  readonly #closing = new AbortController();

  constructor(deps: PublicationsDeps) {
    this.#deps = deps;
  }

  get tracks(): ReadonlyMap<string, LocalTrack> {
    return this.#tracks;
  }

  isSettledOn(link: MediaLink): boolean {
    return [...this.#publications.values()].every((publication) => publication.isSettledOn(link));
  }

  /** Publishes every track over `link` from now on. Older links keep sending until they close. */
  handleLink(link: MediaLink): void {
    this.#link = link;
    for (const publication of this.#publications.values()) {
      publication.sendOver(link).catch((thrown: unknown) => this.#handleFailure(publication, thrown));
    }
  }

  handleLinkClosed(link: MediaLink): void {
    for (const publication of this.#publications.values()) publication.handleLinkClosed(link);
  }

  async publish(mediaStreamTrack: MediaStreamTrack, options: PublishOptions): Promise<LocalTrack> {
    const link = this.#link;
    if (!link) throw SkeinClientError.roomClosed();
    const { source, name, muted = false, simulcast, codec } = options;
    const id = this.#deps.newTrackId();
    const kind = kindOfSource[source];
    const track = this.#makeTrack({ id, kind, source, name, muted, mediaStreamTrack });
    const { width, height } = mediaStreamTrack.getSettings();
    if (width && height) track.handleCaptureSize({ width, height });
    const publication = new Publication(
      track,
      { source, simulcast, codec, width, height },
      {
        clock: this.#deps.clock,
        closing: this.#closing.signal,
        removeStale: (trackId) => void this.#removeStale(trackId),
      },
    );
    hint(mediaStreamTrack, publication);
    this.#publications.set(id, publication);
    try {
      await publication.sendOver(link);
    } catch (error) {
      this.#publications.delete(id);
      publication.close();
      // The node may have accepted it: the answer may have been lost.
      void this.#removeStale(id);
      throw this.#link ? error : SkeinClientError.roomClosed();
    }
    this.#tracks.set(id, track);
    this.#watch(track);
    this.events.emit('published', { track });
    return track;
  }

  /** Rates of the track's encodings since the previous call; undefined when it is not published. */
  async measure(trackId: string): Promise<readonly RtpRates[] | undefined> {
    return await this.#publications.get(trackId)?.measure();
  }

  /** The room has closed. Captures stay as they are: they belong to the caller. */
  close(): void {
    this.#link = undefined;
    this.#closing.abort(SkeinClientError.roomClosed());
    for (const publication of this.#publications.values()) publication.close();
    for (const capture of this.#captures.values()) capture[Symbol.dispose]();
    this.#captures.clear();
    this.#publications.clear();
    this.#tracks.clear();
    this.#observeIfNeeded();
  }

  // Privacy first: muting takes effect before any answer, unmuting only after the room has agreed.
  async #setMuted(trackId: string, muted: boolean): Promise<void> {
    const publication = this.#publicationOf(trackId);
    const revision = ++publication.muteRevision;
    if (muted) this.#applyMuted(publication, true);
    await this.#requestMuted(publication, muted, revision);
    if (!muted && publication.muteRevision === revision) this.#applyMuted(publication, false);
  }

  // A session that was replaced during the request took it with it: repeat it once the new session has the track.
  async #requestMuted(publication: Publication, muted: boolean, revision: number): Promise<void> {
    const isLast = (): boolean => publication.muteRevision === revision;
    for (;;) {
      const link = this.#link;
      const { id } = publication.track;
      const failure = await this.#requestRetrying(() => this.#deps.setTrackMuted(id, muted), isLast);
      // A later call sends its own request; this one, sent after it, would revert it.
      if (!isLast()) return;
      if (this.#link === link) {
        if (failure) throw failure;
        return;
      }
      if (!this.#link) throw SkeinClientError.roomClosed();
      await publication.settled();
    }
  }

  /**
   * Retries a request a few times while it is `wanted`, and longer if it was only rate limited. Returns the error that remains,
   * or undefined.
   */
  async #requestRetrying(
    send: () => Promise<unknown>,
    wanted: () => boolean = () => true,
  ): Promise<SkeinClientError | undefined> {
    const link = this.#link;
    const startedMs = this.#deps.clock.monotonicMs();
    for (let failures = 1; wanted();) {
      try {
        await send();
        return undefined;
      } catch (thrown) {
        const error = SkeinClientError.from(thrown);
        const mayRetryRateLimit = this.#deps.clock.monotonicMs() - startedMs < RATE_LIMIT_RETRY_MS;
        const isRateLimited = error.code === 'TOO_MANY_REQUESTS' && mayRetryRateLimit;
        if (this.#link !== link || error.retryAfterMs === undefined) return error;
        if (!isRateLimited && failures++ === ATTEMPTS) return error;
        const pauseMs = Math.min(error.retryAfterMs, MAX_RETRY_DELAY_MS);
        await this.#deps.clock.sleep(pauseMs, this.#closing.signal).catch(() => undefined);
      }
    }
    return undefined;
  }

  #applyMuted(publication: Publication, muted: boolean): void {
    publication.setPaused(muted);
    publication.track.handleMuted(muted);
  }

  async #replaceTrack(trackId: string, mediaStreamTrack: MediaStreamTrack): Promise<void> {
    const publication = this.#publicationOf(trackId);
    const { track } = publication;
    if (mediaStreamTrack === track.mediaStreamTrack) return;
    hint(mediaStreamTrack, publication);
    await publication.replaceTrack(mediaStreamTrack);
    track.handleReplaced(mediaStreamTrack);
    if (this.#tracks.has(trackId)) this.#watch(track);
  }

  async #unpublish(trackId: string): Promise<void> {
    const publication = this.#publications.get(trackId);
    if (!publication) return;
    const link = this.#link;
    this.#publications.delete(trackId);
    this.#tracks.delete(trackId);
    publication.close();
    this.#captures.get(trackId)?.[Symbol.dispose]();
    this.#captures.delete(trackId);
    this.#observeIfNeeded();
    this.events.emit('unpublished', { track: publication.track });
    const failure = await this.#requestRetrying(() => this.#deps.unpublish(trackId));
    // The new session never had the track.
    const isGone = failure?.code === 'TRACK_NOT_FOUND' && this.#link !== link;
    if (!failure || isGone) return;
    void this.#removeStale(trackId);
    throw failure;
  }

  /** Removes a track that this client does not send from the room. A new session never has it. */
  async #removeStale(trackId: string): Promise<void> {
    const link = this.#link;
    for (let failures = 1; link && this.#link === link && failures <= REMOVE_ATTEMPTS; failures++) {
      try {
        await this.#deps.unpublish(trackId);
        return;
      } catch (thrown) {
        const delayMs = retryDelayMs(SkeinClientError.from(thrown), failures);
        if (delayMs === undefined) return;
        await this.#deps.clock.sleep(delayMs, this.#closing.signal).catch(() => undefined);
      }
    }
  }

  #makeTrack(options: PublishedTrackOptions): PublishedTrack {
    const track: PublishedTrack = new PublishedTrack(options, {
      setMuted: (trackId, muted) => this.#setMuted(trackId, muted),
      replaceTrack: (trackId, mediaStreamTrack) => this.#replaceTrack(trackId, mediaStreamTrack),
      unpublish: (trackId) => this.#unpublish(trackId),
      stats: (trackId) => this.#deps.stats(trackId),
      changed: () => this.events.emit('changed', { track }),
    });
    return track;
  }

  #handleFailure({ track }: Publication, thrown: unknown): void {
    if (this.#tracks.has(track.id))
      this.events.emit('failed', { track, error: SkeinClientError.from(thrown) });
  }

  #watch(track: LocalTrack): void {
    this.#captures.get(track.id)?.[Symbol.dispose]();
    const changed = (event: string): void => {
      this.events.emit('captureChanged', { track });
      if (event === 'ended') this.events.emit('ended', { track });
    };
    this.#captures.set(track.id, watchCapture(track.mediaStreamTrack, changed));
    this.#observeIfNeeded();
  }

  /** Captures have no event for a change of size. */
  #observeIfNeeded(): void {
    const needed = [...this.#tracks.values()].some(({ kind }) => kind === 'video');
    if (needed) this.#observing ??= this.#deps.clock.every(OBSERVE_EVERY_MS, () => this.#observe());
    else {
      this.#observing?.[Symbol.dispose]();
      this.#observing = undefined;
    }
  }

  #observe(): void {
    for (const publication of this.#publications.values()) {
      const { kind, muted } = publication.track;
      // The sender may be closed while its statistics are read.
      if (kind === 'video' && !muted) publication.observe().catch(() => undefined);
    }
  }

  #publicationOf(trackId: string): Publication {
    const publication = this.#publications.get(trackId);
    if (!publication) throw SkeinClientError.trackNotPublished();
    return publication;
  }
}

function hint(mediaStreamTrack: MediaStreamTrack, { contentHint }: Pick<SendPlan, 'contentHint'>): void {
  if (contentHint && mediaStreamTrack.contentHint === '') mediaStreamTrack.contentHint = contentHint;
}
