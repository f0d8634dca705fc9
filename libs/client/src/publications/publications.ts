import { kindOfSource, type TrackSource } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import { Emitter } from '@skein/runtime/emitter';
import { SkeinClientError } from '../errors/client-error.ts';
import type { MediaLink } from '../media/engine.ts';
import { LocalTrack, type LocalTrackControls } from './local-track.ts';
import { watchCapture } from './capture-watch.ts';
import { Publication } from './publication.ts';
import { retryDelayMs } from '../errors/retry-delay.ts';
import type { RtpRates } from '../media/rtp-sample.ts';
import type { SendPlan, VideoCodec } from '../media/send-plan.ts';

/** What publications ask of the gateway. */
export interface PublicationSignals {
  unpublish(trackId: string): Promise<unknown>;
  setTrackMuted(trackId: string, muted: boolean): Promise<unknown>;
}

export interface PublicationEvents {
  published: { readonly track: LocalTrack };
  unpublished: { readonly track: LocalTrack };
  /** The capture ended by itself. */
  ended: { readonly track: LocalTrack };
  /** The system took the capture away, or gave it back; it has ended, too. */
  captureChanged: { readonly track: LocalTrack };
  /** A track could not be published again after a move; it is tried again at the next. */
  failed: { readonly track: LocalTrack; readonly error: SkeinClientError };
}

export interface PublishOptions {
  /** What the track shows; others lay it out by this. */
  readonly source: TrackSource;
  /** Several layers at once, so that each viewer gets one that fits its link. Default: yes, except for screens in VP9 and AV1. */
  readonly simulcast?: boolean;
  /** Default `vp8`. */
  readonly codec?: VideoCodec;
  readonly name?: string;
  /** Publish without sending yet. Default false. */
  readonly muted?: boolean;
}

/** How often a wish is told before its failure is the caller's. */
const ATTEMPTS = 4;
const LONGEST_PAUSE_MS = 1000;
/** How often the unpublishing of a track that is not wanted any more is tried: some minutes, with growing pauses. */
const UNDO_ATTEMPTS = 40;
/** How often the size of what is captured is looked at. */
const OBSERVE_EVERY_MS = 500;
/** A gateway that says «too often» is asked again for so long: an app that loops gets its last wish a little later. */
const RATE_LIMIT_PATIENCE_MS = 30_000;

/** What this client publishes, over whichever links carry it. */
export class Publications {
  readonly events = new Emitter<PublicationEvents>();
  readonly #signals: PublicationSignals;
  readonly #controls: LocalTrackControls;
  readonly #clock: Clock;
  readonly #newTrackId: () => string;
  readonly #publications = new Map<string, Publication>();
  /** What the room has; a subset of the publications. */
  readonly #tracks = new Map<string, LocalTrack>();
  readonly #captures = new Map<string, Disposable>();
  #link: MediaLink | undefined;
  #observing: Disposable | undefined;
  readonly #closing = new AbortController();

  constructor(
    signals: PublicationSignals,
    controls: Pick<LocalTrackControls, 'stats'>,
    clock: Clock,
    newTrackId: () => string,
  ) {
    this.#signals = signals;
    this.#clock = clock;
    this.#newTrackId = newTrackId;
    this.#controls = {
      setMuted: (trackId, muted) => this.#setMuted(trackId, muted),
      replaceTrack: (trackId, mediaStreamTrack) => this.#replaceTrack(trackId, mediaStreamTrack),
      unpublish: (trackId) => this.#unpublish(trackId),
      stats: controls.stats,
    };
  }

  get tracks(): ReadonlyMap<string, LocalTrack> {
    return this.#tracks;
  }

  isCarriedBy(link: MediaLink): boolean {
    return [...this.#publications.values()].every((publication) => publication.isSettledOn(link));
  }

  /** Everything is published over `link` from now on, and goes on over the links before it. */
  handleLink(link: MediaLink): void {
    this.#link = link;
    for (const publication of this.#publications.values()) {
      publication.carry(link).catch((thrown: unknown) => this.#handleFailure(publication, thrown));
    }
  }

  handleLinkClosed(link: MediaLink): void {
    for (const publication of this.#publications.values()) publication.leave(link);
  }

  async publish(mediaStreamTrack: MediaStreamTrack, options: PublishOptions): Promise<LocalTrack> {
    const link = this.#link;
    if (!link) throw SkeinClientError.roomClosed();
    const { source, name, muted = false, simulcast, codec } = options;
    const id = this.#newTrackId();
    const kind = kindOfSource[source];
    const track = new LocalTrack({ id, kind, source, name, muted, mediaStreamTrack }, this.#controls);
    const { width, height } = mediaStreamTrack.getSettings();
    const publication = new Publication(
      track,
      { source, simulcast, codec, width, height },
      { clock: this.#clock, closing: this.#closing.signal, undo: (trackId) => void this.#undo(trackId) },
    );
    hint(mediaStreamTrack, publication);
    this.#publications.set(id, publication);
    try {
      await publication.carry(link);
    } catch (error) {
      this.#publications.delete(id);
      publication.close();
      // The node may have it all the same: the answer may have been lost.
      void this.#undo(id);
      throw this.#link ? error : SkeinClientError.roomClosed();
    }
    this.#tracks.set(id, track);
    this.#watch(track);
    this.events.emit('published', { track });
    return track;
  }

  /** Rates of one track's encodings since the call before; undefined when it is not published. */
  async measure(trackId: string): Promise<readonly RtpRates[] | undefined> {
    return await this.#publications.get(trackId)?.measure();
  }

  /** The room is over: captures stay as they are, they are the caller's. */
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

  // Privacy first: muting takes effect before anyone answers, unmuting only once the room agreed.
  async #setMuted(trackId: string, muted: boolean): Promise<void> {
    const publication = this.#publicationOf(trackId);
    const wish = ++publication.wish;
    if (muted) this.#applyMuted(publication, true);
    await this.#tellMuted(publication, muted, wish);
    if (!muted && publication.wish === wish) this.#applyMuted(publication, false);
  }

  // A session that was replaced meanwhile took the wish with it: the new one is told once it has the track.
  async #tellMuted(publication: Publication, muted: boolean, wish: number): Promise<void> {
    const isLast = (): boolean => publication.wish === wish;
    for (;;) {
      const link = this.#link;
      const { id } = publication.track;
      const failure = await this.#insist(() => this.#signals.setTrackMuted(id, muted), isLast);
      // A later wish is told by its own call; told after it, this one would undo it.
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
   * Asks again, a little, what may succeed then, as long as it is `wanted`; answers with what it failed with in the end. A
   * request that only came too often is asked for longer.
   */
  async #insist(
    ask: () => Promise<unknown>,
    wanted: () => boolean = () => true,
  ): Promise<SkeinClientError | undefined> {
    const link = this.#link;
    const startedMs = this.#clock.monotonicMs();
    for (let failures = 1; wanted();) {
      try {
        await ask();
        return undefined;
      } catch (thrown) {
        const error = SkeinClientError.from(thrown);
        const isPatient = this.#clock.monotonicMs() - startedMs < RATE_LIMIT_PATIENCE_MS;
        const cameTooOften = error.code === 'TOO_MANY_REQUESTS' && isPatient;
        if (this.#link !== link || error.retryAfterMs === undefined) return error;
        if (!cameTooOften && failures++ === ATTEMPTS) return error;
        const pauseMs = Math.min(error.retryAfterMs, LONGEST_PAUSE_MS);
        await this.#clock.sleep(pauseMs, this.#closing.signal).catch(() => undefined);
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
    const failure = await this.#insist(() => this.#signals.unpublish(trackId));
    // A session that replaced the one before never had the track.
    const isGone = failure?.code === 'TRACK_NOT_FOUND' && this.#link !== link;
    if (!failure || isGone) return;
    void this.#undo(trackId);
    throw failure;
  }

  /** Takes a track that nobody here sends out of the room. A session that replaces this one never has it. */
  async #undo(trackId: string): Promise<void> {
    const link = this.#link;
    for (let failures = 1; link && this.#link === link && failures <= UNDO_ATTEMPTS; failures++) {
      try {
        await this.#signals.unpublish(trackId);
        return;
      } catch (thrown) {
        const delayMs = retryDelayMs(SkeinClientError.from(thrown), failures);
        if (delayMs === undefined) return;
        await this.#clock.sleep(delayMs, this.#closing.signal).catch(() => undefined);
      }
    }
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

  /** Captures tell nobody when their size changes. */
  #observeIfNeeded(): void {
    const needed = [...this.#tracks.values()].some(({ kind }) => kind === 'video');
    if (needed) this.#observing ??= this.#clock.every(OBSERVE_EVERY_MS, () => this.#observe());
    else {
      this.#observing?.[Symbol.dispose]();
      this.#observing = undefined;
    }
  }

  #observe(): void {
    for (const publication of this.#publications.values()) {
      const { kind, muted } = publication.track;
      // The statistics of a sender that was closed meanwhile.
      if (kind === 'video' && !muted) publication.observe().catch(() => undefined);
    }
  }

  #publicationOf(trackId: string): Publication {
    const publication = this.#publications.get(trackId);
    if (!publication) throw new SkeinClientError('TRACK_NOT_FOUND', 'this track is not published any more');
    return publication;
  }
}

function hint(mediaStreamTrack: MediaStreamTrack, { contentHint }: Pick<SendPlan, 'contentHint'>): void {
  if (contentHint && mediaStreamTrack.contentHint === '') mediaStreamTrack.contentHint = contentHint;
}
