import type { TrackUpdate } from '@skein/rpc';
import type { MediaSource, PipedMedia, PipeEndpoint } from '../media/engine.ts';
import { trackEpochOf, type MediaKey } from '../media/media-key.ts';
import { PipeError } from './errors.ts';

export interface OutletListener {
  /** In order: `opened` first, then `muted` as it changes, `closed` last. */
  onUpdate(update: TrackUpdate): void;
  /** Called once, whoever ended it. */
  onEnd(reason: string): void;
}

/** One track on its way into one end of a pipe. */
export class TrackOutlet {
  readonly media: MediaKey;
  readonly #listener: OutletListener;
  #piped: PipedMedia | undefined;
  #disposables: Disposable[] = [];
  #ended = false;

  constructor(media: MediaKey, listener: OutletListener) {
    this.media = media;
    this.#listener = listener;
  }

  /** Sends the source into `endpoint`. Fails `TRACK_NOT_FOUND` when it closed meanwhile; then the outlet has ended. */
  async open(endpoint: PipeEndpoint, source: MediaSource): Promise<void> {
    try {
      this.#piped = await endpoint.send(source);
    } catch (error) {
      this.end('could not be sent');
      throw source.closed ? PipeError.trackNotHere(trackEpochOf(this.media).trackId) : error;
    }
    if (this.#ended) return this.#piped.close();
    if (source.closed) {
      this.end('source closed');
      throw PipeError.trackNotHere(trackEpochOf(this.media).trackId);
    }
    const { kind, rtpParameters } = this.#piped;
    // The source's own events tell of every change after this line, so that none is missed or told twice.
    this.#disposables = [
      source.events.on('muted', ({ muted }) =>
        this.#listener.onUpdate({ update: 'muted', muted: { muted } }),
      ),
      source.events.on('closed', ({ reason }) => this.end(reason)),
    ];
    const opened = { kind, rtpParametersJson: JSON.stringify(rtpParameters), muted: source.muted };
    this.#listener.onUpdate({ update: 'opened', opened });
  }

  /** Stops sending. `tell`: the other side is told why. Ending twice does nothing. */
  end(reason: string, { tell = true }: { tell?: boolean } = {}): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const disposable of this.#disposables) disposable[Symbol.dispose]();
    this.#piped?.close();
    if (tell) this.#listener.onUpdate({ update: 'closed', closed: { reason } });
    this.#listener.onEnd(reason);
  }
}
