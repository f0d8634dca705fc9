import type { TrackKind, TrackSource } from '@skein/protocol';
import { captureStateOf, type CaptureState } from './capture-watch.ts';
import type { TrackStats } from '../media/track-stats.ts';

/** What a local track asks of the room. */
export interface LocalTrackControls {
  setMuted(trackId: string, muted: boolean): Promise<void>;
  replaceTrack(trackId: string, mediaStreamTrack: MediaStreamTrack): Promise<void>;
  unpublish(trackId: string): Promise<void>;
  stats(trackId: string): Promise<TrackStats | undefined>;
}

export interface LocalTrackFacts {
  readonly id: string;
  readonly kind: TrackKind;
  readonly source: TrackSource;
  readonly name: string | undefined;
  readonly muted: boolean;
  readonly mediaStreamTrack: MediaStreamTrack;
}

/** What this client publishes. The same object and id through mutes, device switches and migrations. */
export class LocalTrack {
  readonly id: string;
  readonly kind: TrackKind;
  readonly source: TrackSource;
  readonly name: string | undefined;
  #muted: boolean;
  #mediaStreamTrack: MediaStreamTrack;
  readonly #controls: LocalTrackControls;

  constructor(facts: LocalTrackFacts, controls: LocalTrackControls) {
    this.id = facts.id;
    this.kind = facts.kind;
    this.source = facts.source;
    this.name = facts.name;
    this.#muted = facts.muted;
    this.#mediaStreamTrack = facts.mediaStreamTrack;
    this.#controls = controls;
  }

  get muted(): boolean {
    return this.#muted;
  }

  /** What is captured. The SDK never stops, mutes or disables it, except in `stop()`: it is the caller's. */
  get mediaStreamTrack(): MediaStreamTrack {
    return this.#mediaStreamTrack;
  }

  /** `interrupted` while the system or the browser gives nothing; `localTrackCaptureChanged` says when that changes. */
  get captureState(): CaptureState {
    return captureStateOf(this.#mediaStreamTrack);
  }

  /** Stops sending at once; resolves when the room shows it. */
  async mute(): Promise<void> {
    await this.#controls.setMuted(this.id, true);
  }

  async unmute(): Promise<void> {
    await this.#controls.setMuted(this.id, false);
  }

  /** Sends another capture of the same kind from now on: another device, a blurred background. */
  async replaceTrack(mediaStreamTrack: MediaStreamTrack): Promise<void> {
    await this.#controls.replaceTrack(this.id, mediaStreamTrack);
  }

  /** Takes the track out of the room; the capture goes on. */
  async unpublish(): Promise<void> {
    await this.#controls.unpublish(this.id);
  }

  /** Takes the track out of the room and stops the capture. */
  async stop(): Promise<void> {
    this.#mediaStreamTrack.stop();
    await this.#controls.unpublish(this.id);
  }

  /** Rates since the call before; undefined when it is not being sent. */
  stats(): Promise<TrackStats | undefined> {
    return this.#controls.stats(this.id);
  }

  handleMuted(muted: boolean): void {
    this.#muted = muted;
  }

  handleReplaced(mediaStreamTrack: MediaStreamTrack): void {
    this.#mediaStreamTrack = mediaStreamTrack;
  }
}
