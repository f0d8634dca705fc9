import type { Layers, Track, TrackKind, TrackSource } from '@skein/protocol';
import { attachMedia, detachMedia, type MediaElement } from '../media/media-elements.ts';
import type { TrackStats } from '../media/track-stats.ts';

/** What a remote track asks of the room. */
export interface RemoteTrackControls {
  subscribe(trackId: string): void;
  unsubscribe(trackId: string): void;
  setEnabled(trackId: string, enabled: boolean): void;
  setPreferredLayers(trackId: string, layers: Layers): void;
  stats(trackId: string): Promise<TrackStats | undefined>;
  audioLevel(trackId: string): number | undefined;
  playbackBlocked(track: RemoteTrack, element: MediaElement): void;
}

/**
 * What another participant publishes. The same object for as long as the track is in the room: when its
 * publisher or this client moves to another node, only `mediaStreamTrack` and `nodeId` change, and elements that
 * it is attached to follow by themselves.
 */
export class RemoteTrack {
  readonly id: string;
  readonly kind: TrackKind;
  readonly source: TrackSource;
  readonly name: string | undefined;
  /** Whose it is. */
  readonly identity: string;
  #facts: Track;
  #mediaStreamTrack: MediaStreamTrack | undefined;
  #currentLayers: Layers | undefined;
  #preferredLayers: Layers | undefined;
  #enabled = true;
  readonly #elements = new Set<MediaElement>();
  readonly #controls: RemoteTrackControls;

  constructor(facts: Track, controls: RemoteTrackControls) {
    this.id = facts.trackId;
    this.kind = facts.kind;
    this.source = facts.source;
    this.name = facts.name;
    this.identity = facts.identity;
    this.#facts = facts;
    this.#controls = controls;
  }

  get muted(): boolean {
    return this.#facts.muted;
  }

  /** The media node that its publisher sends it to. */
  get nodeId(): string {
    return this.#facts.nodeId;
  }

  /** Lower case, such as `video/vp8`. */
  get mimeType(): string {
    return this.#facts.mimeType;
  }

  /** How many sizes there are to choose from with `setPreferredLayers`; 1 means no choice. */
  get spatialLayers(): number {
    return this.#facts.spatialLayers;
  }

  get temporalLayers(): number {
    return this.#facts.temporalLayers;
  }

  /** What arrives; undefined while not subscribed. May change: prefer `attach`, or follow `trackSubscribed`. */
  get mediaStreamTrack(): MediaStreamTrack | undefined {
    return this.#mediaStreamTrack;
  }

  get subscribed(): boolean {
    return this.#mediaStreamTrack !== undefined;
  }

  get enabled(): boolean {
    return this.#enabled;
  }

  /** The layers that are arriving; undefined for tracks without layers and while none arrives. */
  get currentLayers(): Layers | undefined {
    return this.#currentLayers;
  }

  /** What was asked for; undefined means as good as possible. */
  get preferredLayers(): Layers | undefined {
    return this.#preferredLayers;
  }

  /** Asks for the track; `trackSubscribed` follows. Only needed with `autoSubscribe: false`. Safe to repeat. */
  subscribe(): void {
    this.#controls.subscribe(this.id);
  }

  unsubscribe(): void {
    this.#controls.unsubscribe(this.id);
  }

  /** Stops (`false`) or resumes receiving, for this client alone; quicker to resume than `unsubscribe`. */
  setEnabled(enabled: boolean): void {
    if (this.#enabled === enabled) return;
    this.#enabled = enabled;
    this.#controls.setEnabled(this.id, enabled);
  }

  /** Chooses a size (and frame rate) of a layered track; undefined: as good as possible. Kept over migrations. */
  setPreferredLayers(layers: Layers | undefined): void {
    this.#preferredLayers = layers;
    const { spatialLayers, temporalLayers } = this.#facts;
    this.#controls.setPreferredLayers(
      this.id,
      layers ?? { spatialLayer: spatialLayers - 1, temporalLayer: temporalLayers - 1 },
    );
  }

  /**
   * Plays the track in an audio or video element, now or as soon as it arrives, and on through migrations. When
   * the browser wants a click first, the room says `playbackBlocked`.
   */
  attach(element: MediaElement): void {
    this.#elements.add(element);
    if (this.#mediaStreamTrack) this.#play(element, this.#mediaStreamTrack);
  }

  /** Undoes `attach` for one element, or for all of them. */
  detach(element?: MediaElement): void {
    for (const one of element ? [element] : [...this.#elements]) {
      if (this.#elements.delete(one)) detachMedia(one);
    }
  }

  /** How loud it is now, 0 to 1; undefined while nothing is heard. Cheap to read several times a second. */
  get audioLevel(): number | undefined {
    return this.#controls.audioLevel(this.id);
  }

  /** Rates since the call before; undefined while not subscribed. */
  stats(): Promise<TrackStats | undefined> {
    return this.#controls.stats(this.id);
  }

  handleFacts(facts: Track): void {
    this.#facts = facts;
  }

  handleMedia(mediaStreamTrack: MediaStreamTrack | undefined): void {
    this.#mediaStreamTrack = mediaStreamTrack;
    if (!mediaStreamTrack) this.#currentLayers = undefined;
    for (const element of this.#elements) {
      if (mediaStreamTrack) this.#play(element, mediaStreamTrack);
      else detachMedia(element);
    }
  }

  handleLayers(layers: Layers | undefined): void {
    this.#currentLayers = layers;
  }

  #play(element: MediaElement, mediaStreamTrack: MediaStreamTrack): void {
    attachMedia(element, mediaStreamTrack, () => this.#controls.playbackBlocked(this, element));
  }
}
