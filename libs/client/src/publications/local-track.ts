import type { TrackKind, TrackSource } from '@skein/protocol';
import type { PictureSize } from '../media/engine.ts';
import type { TrackStats } from '../media/track-stats.ts';
import { captureStateOf, type CaptureState } from './capture-watch.ts';

/** A track that this client publishes. The object and its id stay the same through mutes, device switches and migrations. */
export interface LocalTrack {
  readonly id: string;
  readonly kind: TrackKind;
  readonly source: TrackSource;
  readonly name: string | undefined;
  readonly muted: boolean;
  /** The captured media. It belongs to the caller: the SDK never mutes or disables it, and stops it only in `stop()`. */
  readonly mediaStreamTrack: MediaStreamTrack;
  /** `interrupted` while the system or the browser delivers no media; `localTrackCaptureChanged` reports each change. */
  readonly captureState: CaptureState;
  /** Size of the captured picture in pixels, checked twice a second; undefined for audio and until the first check. */
  readonly captureSize: PictureSize | undefined;
  /** Stops sending at once. Resolves when the room shows the track as muted. */
  mute(): Promise<void>;
  /** Asks the room first, then sends again. */
  unmute(): Promise<void>;
  /** Replaces the capture with another one of the same kind, such as another device or a blurred background. */
  replaceTrack(mediaStreamTrack: MediaStreamTrack): Promise<void>;
  /** Removes the track from the room. The capture keeps running. */
  unpublish(): Promise<void>;
  /** Removes the track from the room and stops the capture. */
  stop(): Promise<void>;
  /** Rates since the previous call; undefined while the track is not sent. */
  stats(): Promise<TrackStats | undefined>;
}

export interface PublishedTrackDeps {
  setMuted(trackId: string, muted: boolean): Promise<void>;
  replaceTrack(trackId: string, mediaStreamTrack: MediaStreamTrack): Promise<void>;
  unpublish(trackId: string): Promise<void>;
  stats(trackId: string): Promise<TrackStats | undefined>;
  /** A property of the track has changed. */
  changed(): void;
}

export interface PublishedTrackOptions {
  readonly id: string;
  readonly kind: TrackKind;
  readonly source: TrackSource;
  readonly name: string | undefined;
  readonly muted: boolean;
  readonly mediaStreamTrack: MediaStreamTrack;
}

/** The `LocalTrack` that publications update. */
export class PublishedTrack implements LocalTrack {
  readonly id: string;
  readonly kind: TrackKind;
  readonly source: TrackSource;
  readonly name: string | undefined;
  #muted: boolean;
  #mediaStreamTrack: MediaStreamTrack;
  #captureSize: PictureSize | undefined;
  readonly #deps: PublishedTrackDeps;

  constructor(options: PublishedTrackOptions, deps: PublishedTrackDeps) {
    this.id = options.id;
    this.kind = options.kind;
    this.source = options.source;
    this.name = options.name;
    this.#muted = options.muted;
    this.#mediaStreamTrack = options.mediaStreamTrack;
    this.#deps = deps;
  }

  get muted(): boolean {
    return this.#muted;
  }

  get mediaStreamTrack(): MediaStreamTrack {
    return this.#mediaStreamTrack;
  }

  get captureState(): CaptureState {
    return captureStateOf(this.#mediaStreamTrack);
  }

  get captureSize(): PictureSize | undefined {
    return this.#captureSize;
  }

  async mute(): Promise<void> {
    await this.#deps.setMuted(this.id, true);
  }

  async unmute(): Promise<void> {
    await this.#deps.setMuted(this.id, false);
  }

  async replaceTrack(mediaStreamTrack: MediaStreamTrack): Promise<void> {
    await this.#deps.replaceTrack(this.id, mediaStreamTrack);
  }

  async unpublish(): Promise<void> {
    await this.#deps.unpublish(this.id);
  }

  async stop(): Promise<void> {
    this.#mediaStreamTrack.stop();
    await this.#deps.unpublish(this.id);
  }

  stats(): Promise<TrackStats | undefined> {
    return this.#deps.stats(this.id);
  }

  handleMuted(muted: boolean): void {
    if (this.#muted === muted) return;
    this.#muted = muted;
    this.#deps.changed();
  }

  handleReplaced(mediaStreamTrack: MediaStreamTrack): void {
    this.#mediaStreamTrack = mediaStreamTrack;
    this.#deps.changed();
  }

  handleCaptureSize(size: PictureSize): void {
    const known = this.#captureSize;
    if (known?.width === size.width && known.height === size.height) return;
    this.#captureSize = size;
    this.#deps.changed();
  }
}
