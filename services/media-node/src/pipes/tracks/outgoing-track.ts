import type { Layers } from '@skein/protocol';
import type { TrackUpdate } from '@skein/rpc';
import type { Clock } from '@skein/runtime';
import type { MediaSource, PipeEndpoint } from '../../media/engine.ts';
import type { MediaKey } from '../../media/media-key.ts';
import { TrackOutlet } from './track-outlet.ts';

/** The stream of updates to the node that pulls a track. */
export interface PullStream {
  send(update: TrackUpdate): boolean;
  readonly closed: AbortSignal;
  end(error?: unknown): void;
}

export interface OutgoingTrackDeps {
  readonly media: MediaKey;
  readonly clock: Clock;
  /** How long the track stays in the pipe after its puller's call broke. */
  readonly graceMs: number;
  /** Called once, on either side's end. */
  readonly onEnd: () => void;
}

/**
 * A track that another node pulls. It is sent while its puller listens, and for a grace period after the puller's call
 * broke. A puller that calls again within that period resumes the same copy.
 */
export class OutgoingTrack {
  readonly #deps: OutgoingTrackDeps;
  readonly #outlet: TrackOutlet;
  #pullId = '';
  #stream: PullStream | undefined;
  #opened: Extract<TrackUpdate, { update: 'opened' }> | undefined;
  #layers: Extract<TrackUpdate, { update: 'layers' }> | undefined;
  #grace: Disposable | undefined;
  #ended = false;

  constructor(deps: OutgoingTrackDeps) {
    this.#deps = deps;
    this.#outlet = new TrackOutlet(deps.media, {
      onUpdate: (update) => this.#onUpdate(update),
      onEnd: () => this.#onEnd(),
    });
  }

  /** Sets the puller that listens from now on; it replaces an earlier one. */
  attach(pullId: string, stream: PullStream): void {
    const earlier = this.#stream;
    this.#pullId = pullId;
    this.#stream = stream;
    this.#grace?.[Symbol.dispose]();
    earlier?.end();
    if (this.#opened) stream.send(this.#opened);
    if (this.#layers) stream.send(this.#layers);
    stream.closed.addEventListener('abort', () => this.#lost(stream), { once: true });
    if (stream.closed.aborted) this.#lost(stream);
  }

  /** Fails as `TrackOutlet.open`. */
  open(endpoint: PipeEndpoint, source: MediaSource): Promise<void> {
    return this.#outlet.open(endpoint, source);
  }

  /** The source being sent; `undefined` until it is open, and after its end. */
  get source(): MediaSource | undefined {
    return this.#outlet.source;
  }

  /** As `TrackOutlet.setLayers`. */
  setLayers(layers: Required<Layers> | undefined): Promise<boolean> {
    return this.#outlet.setLayers(layers);
  }

  /** The puller needs it no more. A release by an earlier pull is ignored. */
  release(pullId: string): void {
    if (pullId === this.#pullId) this.#outlet.end('released', { notify: false });
  }

  end(reason: string): void {
    this.#outlet.end(reason);
  }

  #onUpdate(update: TrackUpdate): void {
    if (update.update === 'opened') [this.#opened, this.#layers] = [update, undefined];
    if (update.update === 'muted' && this.#opened)
      this.#opened = { ...this.#opened, opened: { ...this.#opened.opened, muted: update.muted.muted } };
    if (update.update === 'layers') this.#layers = update;
    this.#stream?.send(update);
  }

  #lost(stream: PullStream): void {
    if (this.#ended || this.#stream !== stream) return;
    this.#stream = undefined;
    this.#grace = this.#deps.clock.after(this.#deps.graceMs, () =>
      this.#outlet.end('its puller did not return', { notify: false }),
    );
  }

  #onEnd(): void {
    this.#ended = true;
    this.#grace?.[Symbol.dispose]();
    this.#stream?.end();
    this.#deps.onEnd();
  }
}
