import type { TrackSource } from '@skein/protocol';
import { Emitter } from '@skein/runtime/emitter';
import { SkeinClientError } from '../client-error.ts';
import type { MediaLink, TrackSender } from './engine.ts';
import { LocalTrack, type LocalTrackControls } from './local-track.ts';
import { RtpMeter, type RtpRates } from './rtp-sample.ts';
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

interface Publication {
  readonly track: LocalTrack;
  readonly plan: SendPlan;
  readonly meter: RtpMeter;
  readonly sender: TrackSender;
  /** The last wish of mute and unmute; an answer to an earlier one changes nothing. */
  wish: number;
}

/** What this client publishes, over whichever link carries it. */
export class Publications {
  readonly events = new Emitter<PublicationEvents>();
  readonly #signals: PublicationSignals;
  readonly #controls: LocalTrackControls;
  readonly #publications = new Map<string, Publication>();
  readonly #tracks = new Map<string, LocalTrack>();
  readonly #newTrackId: () => string;
  #link: MediaLink | undefined;

  constructor(
    signals: PublicationSignals,
    controls: Pick<LocalTrackControls, 'stats'>,
    newTrackId: () => string,
  ) {
    this.#signals = signals;
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

  handleLink(link: MediaLink): void {
    this.#link = link;
  }

  async publish(mediaStreamTrack: MediaStreamTrack, options: PublishOptions): Promise<LocalTrack> {
    const link = this.#link;
    if (!link) throw SkeinClientError.roomClosed();
    const plan = planFor(mediaStreamTrack, options);
    const { source, name, muted = false } = options;
    const id = this.#newTrackId();
    const kind = plan.mimeType.startsWith('audio/') ? 'audio' : 'video';
    const track = new LocalTrack({ id, kind, source, name, muted, mediaStreamTrack }, this.#controls);
    const sender = await link.send({ trackId: id, kind, source, name, muted }, mediaStreamTrack, plan);
    if (this.#link !== link) {
      sender.close();
      throw SkeinClientError.roomClosed();
    }
    this.#publications.set(id, { track, plan, meter: new RtpMeter(), sender, wish: 0 });
    this.#tracks.set(id, track);
    this.#watchEnd(track, mediaStreamTrack);
    this.events.emit('published', { track });
    return track;
  }

  /** Rates of one track's encodings since the call before; undefined when it is not published. */
  async measure(trackId: string): Promise<readonly RtpRates[] | undefined> {
    const publication = this.#publications.get(trackId);
    return publication?.meter.measure(await publication.sender.sample());
  }

  /** The room is over: captures stay as they are, they are the caller's. */
  close(): void {
    this.#link = undefined;
    for (const { sender } of this.#publications.values()) sender.close();
    this.#publications.clear();
    this.#tracks.clear();
  }

  // Privacy first: muting takes effect before anyone answers, unmuting only once the room agreed.
  async #setMuted(trackId: string, muted: boolean): Promise<void> {
    const publication = this.#publicationOf(trackId);
    const wish = ++publication.wish;
    if (muted) this.#applyMuted(publication, true);
    await this.#signals.setTrackMuted(trackId, muted);
    if (!muted && publication.wish === wish) this.#applyMuted(publication, false);
  }

  #applyMuted({ sender, track }: Publication, muted: boolean): void {
    sender.setPaused(muted);
    track.handleMuted(muted);
  }

  async #replaceTrack(trackId: string, mediaStreamTrack: MediaStreamTrack): Promise<void> {
    const { sender, track, plan } = this.#publicationOf(trackId);
    if (mediaStreamTrack === track.mediaStreamTrack) return;
    hint(mediaStreamTrack, plan);
    await sender.replaceTrack(mediaStreamTrack);
    track.handleReplaced(mediaStreamTrack);
    this.#watchEnd(track, mediaStreamTrack);
  }

  async #unpublish(trackId: string): Promise<void> {
    const publication = this.#publications.get(trackId);
    if (!publication) return;
    this.#publications.delete(trackId);
    this.#tracks.delete(trackId);
    publication.sender.close();
    this.events.emit('unpublished', { track: publication.track });
    await this.#signals.unpublish(trackId);
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
