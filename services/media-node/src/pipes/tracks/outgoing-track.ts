import type { Layers } from '@skein/protocol';
import type { TrackUpdate } from '@skein/rpc';
import type { Clock } from '@skein/runtime';
import type { MediaSource, PipeEndpoint } from '../../media/engine.ts';
import type { MediaKey } from '../../media/media-key.ts';
import { TrackOutlet } from './track-outlet.ts';

/** Where a pulled track's updates go, for as long as the puller listens. */
export interface PullStream {
  send(update: TrackUpdate): boolean;
  readonly closed: AbortSignal;
  end(error?: unknown): void;
}

export interface ServedTrackParts {
  readonly media: MediaKey;
  readonly clock: Clock;
  /** How long it is sent on when its puller's call broke. */
  readonly graceMs: number;
  /** Called once, whoever ended it. */
  readonly onEnd: () => void;
}

/**
 * A track that another node pulls: sent for as long as its puller listens, or has only just been lost. A puller that
 * lost its call asks again and goes on with the same copy.
 */
export class ServedTrack {
  readonly #parts: ServedTrackParts;
  readonly #outlet: TrackOutlet;
  #pullId = '';
  #stream: PullStream | undefined;
  #opened: Extract<TrackUpdate, { update: 'opened' }> | undefined;
  #layers: Extract<TrackUpdate, { update: 'layers' }> | undefined;
  #grace: Disposable | undefined;
  #ended = false;

  constructor(parts: ServedTrackParts) {
    this.#parts = parts;
    this.#outlet = new TrackOutlet(parts.media, {
      onUpdate: (update) => this.#onUpdate(update),
      onEnd: () => this.#onEnd(),
    });
  }

  /** The puller that listens from now on; an earlier one is not heard any more. */
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

  /** What is sent; `undefined` until it is open, and when it has ended. */
  get source(): MediaSource | undefined {
    return this.#outlet.source;
  }

  /** As `TrackOutlet.setLayers`. */
  setLayers(layers: Required<Layers> | undefined): Promise<boolean> {
    return this.#outlet.setLayers(layers);
  }

  /** The puller needs it no more. A word from an earlier pull is not meant for this one. */
  release(pullId: string): void {
    if (pullId === this.#pullId) this.#outlet.end('released', { tell: false });
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
    this.#grace = this.#parts.clock.after(this.#parts.graceMs, () =>
      this.#outlet.end('its puller did not come back', { tell: false }),
    );
  }

  #onEnd(): void {
    this.#ended = true;
    this.#grace?.[Symbol.dispose]();
    this.#stream?.end();
    this.#parts.onEnd();
  }
}
