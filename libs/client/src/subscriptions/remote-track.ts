import type { Layers, Track, TrackKind, TrackSource } from '@skein/protocol';
import type { PictureSize } from '../media/engine.ts';
import { attachMedia, detachMedia, watchPictureSize, type MediaElement } from '../media/media-elements.ts';
import type { TrackStats } from '../media/track-stats.ts';

/**
 * A track that another participant publishes. The object stays the same while the track is in the room: when its publisher or
 * this client moves to another node, `mediaStreamTrack` and `nodeId` change, and attached elements keep playing.
 */
export interface RemoteTrack {
  readonly id: string;
  readonly kind: TrackKind;
  readonly source: TrackSource;
  readonly name: string | undefined;
  /** Identity of the publisher. */
  readonly identity: string;
  readonly muted: boolean;
  /** The media node that the publisher sends to. */
  readonly nodeId: string;
  /** Lower case, such as `video/vp8`. */
  readonly mimeType: string;
  /** Number of sizes that `setPreferredLayers` can select; 1 means that there is no choice. */
  readonly spatialLayers: number;
  readonly temporalLayers: number;
  /** The received media; undefined while none is received. It can be replaced: prefer `attach`, or follow `trackSubscribed`. */
  readonly mediaStreamTrack: MediaStreamTrack | undefined;
  /** Whether media is received. */
  readonly subscribed: boolean;
  readonly enabled: boolean;
  /** The received layers; undefined for tracks without layers and while none is received. */
  readonly currentLayers: Layers | undefined;
  /** The requested layers; undefined means the best available. */
  readonly preferredLayers: Layers | undefined;
  /** Size in pixels of the picture that an attached video element shows; undefined while none shows one. */
  readonly pictureSize: PictureSize | undefined;
  /** Current audio level, 0 to 1; undefined while nothing is played. Cheap enough to read several times a second. */
  readonly audioLevel: number | undefined;
  /** Requests the track; `trackSubscribed` follows. Needed only with `autoSubscribe: false`. Safe to repeat. */
  subscribe(): void;
  /** Stops receiving and releases the subscription. `subscribe()` requests the track again. */
  unsubscribe(): void;
  /** Pauses (`false`) or resumes receiving for this client alone. Resumes faster than `subscribe()` after `unsubscribe()`. */
  setEnabled(enabled: boolean): void;
  /**
   * Selects a size (and frame rate) of a layered track; undefined selects the best available. The node sends the best layer
   * at or below the selection, also after migrations and when the layers of the track change.
   */
  setPreferredLayers(layers: Layers | undefined): void;
  /**
   * Plays the track in an audio or video element, now or as soon as it is received, and through migrations. When the browser
   * requires a user gesture first, the room emits `playbackBlocked`.
   */
  attach(element: MediaElement): void;
  /** Reverts `attach` for one element, or for all of them. */
  detach(element?: MediaElement): void;
  /** Rates since the previous call; undefined while the track is not received. */
  stats(): Promise<TrackStats | undefined>;
}

export interface ReceivedTrackDeps {
  subscribe(trackId: string): void;
  unsubscribe(trackId: string): void;
  setEnabled(trackId: string, enabled: boolean): void;
  setPreferredLayers(trackId: string, layers: Layers): void;
  stats(trackId: string): Promise<TrackStats | undefined>;
  audioLevel(trackId: string): number | undefined;
  playbackBlocked(track: RemoteTrack, element: MediaElement): void;
  /** A property of the track has changed. */
  changed(track: RemoteTrack): void;
}

/** The `RemoteTrack` that the room updates. */
export class ReceivedTrack implements RemoteTrack {
  readonly id: string;
  readonly kind: TrackKind;
  readonly source: TrackSource;
  readonly name: string | undefined;
  readonly identity: string;
  #state: Track;
  #mediaStreamTrack: MediaStreamTrack | undefined;
  #currentLayers: Layers | undefined;
  #preferredLayers: Layers | undefined;
  #enabled = true;
  readonly #elements = new Map<MediaElement, Disposable>();
  readonly #deps: ReceivedTrackDeps;

  constructor(state: Track, deps: ReceivedTrackDeps) {
    this.id = state.trackId;
    this.kind = state.kind;
    this.source = state.source;
    this.name = state.name;
    this.identity = state.identity;
    this.#state = state;
    this.#deps = deps;
  }

  get muted(): boolean {
    return this.#state.muted;
  }

  get nodeId(): string {
    return this.#state.nodeId;
  }

  get mimeType(): string {
    return this.#state.mimeType;
  }

  get spatialLayers(): number {
    return this.#state.spatialLayers;
  }

  get temporalLayers(): number {
    return this.#state.temporalLayers;
  }

  get mediaStreamTrack(): MediaStreamTrack | undefined {
    return this.#mediaStreamTrack;
  }

  get subscribed(): boolean {
    return this.#mediaStreamTrack !== undefined;
  }

  get enabled(): boolean {
    return this.#enabled;
  }

  get currentLayers(): Layers | undefined {
    return this.#currentLayers;
  }

  get preferredLayers(): Layers | undefined {
    return this.#preferredLayers;
  }

  get pictureSize(): PictureSize | undefined {
    for (const element of this.#elements.keys()) {
      const { videoWidth: width = 0, videoHeight: height = 0 } = element as Partial<HTMLVideoElement>;
      if (width > 0 && height > 0) return { width, height };
    }
    return undefined;
  }

  get audioLevel(): number | undefined {
    return this.#deps.audioLevel(this.id);
  }

  subscribe(): void {
    this.#deps.subscribe(this.id);
  }

  unsubscribe(): void {
    this.#deps.unsubscribe(this.id);
  }

  setEnabled(enabled: boolean): void {
    if (this.#enabled === enabled) return;
    this.#enabled = enabled;
    this.#deps.setEnabled(this.id, enabled);
    this.#deps.changed(this);
  }

  setPreferredLayers(layers: Layers | undefined): void {
    this.#preferredLayers = layers && { ...layers };
    const { spatialLayers, temporalLayers } = this.#state;
    this.#deps.setPreferredLayers(
      this.id,
      layers ?? { spatialLayer: spatialLayers - 1, temporalLayer: temporalLayers - 1 },
    );
    this.#deps.changed(this);
  }

  attach(element: MediaElement): void {
    if (!this.#elements.has(element))
      this.#elements.set(
        element,
        watchPictureSize(element, () => this.#deps.changed(this)),
      );
    if (this.#mediaStreamTrack) this.#play(element, this.#mediaStreamTrack);
  }

  detach(element?: MediaElement): void {
    for (const one of element ? [element] : [...this.#elements.keys()]) {
      const watch = this.#elements.get(one);
      if (!watch) continue;
      this.#elements.delete(one);
      watch[Symbol.dispose]();
      detachMedia(one);
      this.#deps.changed(this);
    }
  }

  stats(): Promise<TrackStats | undefined> {
    return this.#deps.stats(this.id);
  }

  handleState(state: Track): void {
    this.#state = state;
    this.#deps.changed(this);
  }

  handleMedia(mediaStreamTrack: MediaStreamTrack | undefined): void {
    this.#mediaStreamTrack = mediaStreamTrack;
    if (!mediaStreamTrack) this.#currentLayers = undefined;
    for (const element of this.#elements.keys()) {
      if (mediaStreamTrack) this.#play(element, mediaStreamTrack);
      else detachMedia(element);
    }
    this.#deps.changed(this);
  }

  handleLayers(layers: Layers | undefined): void {
    this.#currentLayers = layers;
    this.#deps.changed(this);
  }

  #play(element: MediaElement, mediaStreamTrack: MediaStreamTrack): void {
    attachMedia(element, mediaStreamTrack, () => this.#deps.playbackBlocked(this, element));
  }
}
