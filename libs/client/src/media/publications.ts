import type { TrackSource } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import { Emitter } from '@skein/runtime/emitter';
import { SkeinClientError } from '../client-error.ts';
import type { MediaLink } from './engine.ts';
import { LocalTrack, type LocalTrackControls } from './local-track.ts';
import { Publication } from './publication.ts';
import type { RtpRates } from './rtp-sample.ts';
import { planSend, type SendPlan, type VideoCodec } from './send-plan.ts';

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
  /** A track could not be published again after a move; it is tried again at the next. */
  failed: { readonly track: LocalTrack; readonly error: SkeinClientError };
}

export interface PublishOptions {
  /** What the track shows; others lay it out by this. */
  readonly source: TrackSource;
  /** Several sizes at once. Default: cameras yes, screens no. */
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
  #link: MediaLink | undefined;

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
    const plan = planFor(mediaStreamTrack, options);
    const { source, name, muted = false } = options;
    const id = this.#newTrackId();
    const kind = plan.mimeType.startsWith('audio/') ? 'audio' : 'video';
    const track = new LocalTrack({ id, kind, source, name, muted, mediaStreamTrack }, this.#controls);
    const publication = new Publication(track, plan, this.#clock);
    this.#publications.set(id, publication);
    try {
      await publication.carry(link);
    } catch (error) {
      this.#publications.delete(id);
      publication.close();
      throw this.#link ? error : SkeinClientError.roomClosed();
    }
    this.#tracks.set(id, track);
    this.#watchEnd(track, mediaStreamTrack);
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
    for (const publication of this.#publications.values()) publication.close();
    this.#publications.clear();
    this.#tracks.clear();
  }

  // Privacy first: muting takes effect before anyone answers, unmuting only once the room agreed.
  async #setMuted(trackId: string, muted: boolean): Promise<void> {
    const publication = this.#publicationOf(trackId);
    const wish = ++publication.wish;
    if (muted) this.#applyMuted(publication, true);
    await this.#tellMuted(publication, muted);
    if (!muted && publication.wish === wish) this.#applyMuted(publication, false);
  }

  // A session that was replaced meanwhile took the wish with it: the new one is told once it has the track.
  async #tellMuted(publication: Publication, muted: boolean): Promise<void> {
    for (;;) {
      const link = this.#link;
      const failure = await this.#insist(() => this.#signals.setTrackMuted(publication.track.id, muted));
      if (this.#link === link) {
        if (failure) throw failure;
        return;
      }
      if (!this.#link) throw SkeinClientError.roomClosed();
      await publication.settled();
    }
  }

  /** Asks again, a little, what may succeed then; answers with what it failed with in the end. */
  async #insist(ask: () => Promise<unknown>): Promise<SkeinClientError | undefined> {
    const link = this.#link;
    for (let failures = 1; ; failures++) {
      try {
        await ask();
        return undefined;
      } catch (thrown) {
        const error = SkeinClientError.from(thrown);
        if (this.#link !== link || failures === ATTEMPTS || error.retryAfterMs === undefined) return error;
        await this.#clock.sleep(Math.min(error.retryAfterMs, LONGEST_PAUSE_MS));
      }
    }
  }

  #applyMuted(publication: Publication, muted: boolean): void {
    publication.setPaused(muted);
    publication.track.handleMuted(muted);
  }

  async #replaceTrack(trackId: string, mediaStreamTrack: MediaStreamTrack): Promise<void> {
    const publication = this.#publicationOf(trackId);
    const { track, plan } = publication;
    if (mediaStreamTrack === track.mediaStreamTrack) return;
    hint(mediaStreamTrack, plan);
    await publication.replaceTrack(mediaStreamTrack);
    track.handleReplaced(mediaStreamTrack);
    this.#watchEnd(track, mediaStreamTrack);
  }

  async #unpublish(trackId: string): Promise<void> {
    const publication = this.#publications.get(trackId);
    if (!publication) return;
    const link = this.#link;
    this.#publications.delete(trackId);
    this.#tracks.delete(trackId);
    publication.close();
    this.events.emit('unpublished', { track: publication.track });
    const failure = await this.#insist(() => this.#signals.unpublish(trackId));
    // A session that replaced the one before never had the track.
    const isGone = failure?.code === 'TRACK_NOT_FOUND' && this.#link !== link;
    if (failure && !isGone) throw failure;
  }

  #handleFailure({ track }: Publication, thrown: unknown): void {
    if (this.#tracks.has(track.id))
      this.events.emit('failed', { track, error: SkeinClientError.from(thrown) });
  }

  #watchEnd(track: LocalTrack, mediaStreamTrack: MediaStreamTrack): void {
    const onEnded = (): void => {
      if (this.#tracks.has(track.id) && track.mediaStreamTrack === mediaStreamTrack)
        this.events.emit('ended', { track });
    };
    mediaStreamTrack.addEventListener('ended', onEnded, { once: true });
  }

  #publicationOf(trackId: string): Publication {
    const publication = this.#publications.get(trackId);
    if (!publication) throw new SkeinClientError('TRACK_NOT_FOUND', 'this track is not published any more');
    return publication;
  }
}

function planFor(mediaStreamTrack: MediaStreamTrack, { source, simulcast, codec }: PublishOptions): SendPlan {
  const { width, height } = mediaStreamTrack.getSettings();
  const plan = planSend({ source, simulcast, codec, width, height });
  hint(mediaStreamTrack, plan);
  return plan;
}

function hint(mediaStreamTrack: MediaStreamTrack, { contentHint }: SendPlan): void {
  if (contentHint && mediaStreamTrack.contentHint === '') mediaStreamTrack.contentHint = contentHint;
}
