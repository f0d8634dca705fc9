import type { Layers } from '@skein/protocol';
import type { TrackUpdate } from '@skein/rpc';
import type { MediaSource, PipedMedia, PipeEndpoint } from '../../media/engine.ts';
import { lowerLayers, sameLayers, topOf } from '../../media/layers.ts';
import { trackEpochOf, type MediaKey } from '../../media/media-key.ts';
import { PipeError } from '../model/pipe-errors.ts';

export interface OutletListener {
  /** In order: `opened` first, then `muted` and `layers` as they change, `closed` last. */
  onUpdate(update: TrackUpdate): void;
  /** Called once, on either side's end. */
  onEnd(reason: string): void;
}

/** One track that is sent into one end of a pipe. */
export class TrackOutlet {
  readonly media: MediaKey;
  readonly #listener: OutletListener;
  /** For the previous source, until it closes, and for the present one. */
  readonly #piped: PipedMedia[] = [];
  #disposables: Disposable[] = [];
  #ended = false;
  /** `undefined`: all. */
  #allowed: Required<Layers> | undefined;
  #sent: Required<Layers> | undefined;
  #announced: Required<Layers> | undefined;
  #source: MediaSource | undefined;
  #limiting: Promise<void> = Promise.resolve();

  constructor(media: MediaKey, listener: OutletListener) {
    this.media = media;
    this.#listener = listener;
  }

  /**
   * Sends the source into `endpoint`, and follows it to the source that replaces it. Fails `TRACK_NOT_FOUND` when it
   * closed meanwhile; then the outlet has ended.
   */
  async open(endpoint: PipeEndpoint, source: MediaSource): Promise<void> {
    let piped: PipedMedia;
    try {
      piped = await endpoint.send(source);
    } catch (error) {
      this.end('could not be sent');
      throw source.closed ? PipeError.trackNotHere(trackEpochOf(this.media).trackId) : error;
    }
    if (this.#ended) return piped.close();
    this.#piped.splice(0, this.#piped.length, ...this.#piped.slice(-1), piped);
    if (source.closed) {
      this.end('source closed');
      throw PipeError.trackNotHere(trackEpochOf(this.media).trackId);
    }
    const { kind, rtpParameters } = piped;
    for (const disposable of this.#disposables) disposable[Symbol.dispose]();
    // The source emits every change after this line, so that none is missed or sent twice.
    this.#disposables = [
      source.events.on('muted', ({ muted }) =>
        this.#listener.onUpdate({ update: 'muted', muted: { muted } }),
      ),
      source.events.on('available', () => this.#announceLayers()),
      source.events.on('closed', ({ reason }) => this.end(reason)),
      // Beside the previous one, which ends with its source: receivers switch in between.
      source.events.on('replaced', ({ by }) => by && this.#follow(endpoint, by)),
    ];
    this.#source = source;
    const opened = { kind, rtpParametersJson: JSON.stringify(rtpParameters), muted: source.muted };
    this.#listener.onUpdate({ update: 'opened', opened });
    // New streams begin with all layers.
    [this.#sent, this.#announced] = [undefined, undefined];
    this.#announceLayers();
    if (this.#allowed) await this.setLayers(this.#allowed);
  }

  /** The source being sent; `undefined` until it is open. */
  get source(): MediaSource | undefined {
    return this.#ended ? undefined : this.#source;
  }

  /**
   * Sends at most these layers, and notifies the other end; `undefined`: all. Resolves with whether the worker can hold
   * layers back; nothing changes if it cannot.
   */
  async setLayers(layers: Required<Layers> | undefined): Promise<boolean> {
    this.#allowed = layers;
    const applying = this.#limiting.then(() => this.#applyLayers());
    this.#limiting = applying.then(
      () => {},
      () => {},
    );
    return await applying;
  }

  async #applyLayers(): Promise<boolean> {
    const [piped, source] = [this.#piped.at(-1), this.#source];
    if (!piped || !source || this.#ended) return true;
    const top = topOf(source.layers);
    const wanted = lowerLayers(this.#allowed ?? top, top);
    if (sameLayers(wanted, this.#sent ?? top)) return true;
    if (!(await piped.setLayers(wanted))) return false;
    this.#sent = wanted;
    this.#announceLayers();
    return true;
  }

  /** Announces the layers that flow: viewers behind the other end switch at once, instead of after missing packets. */
  #announceLayers(): void {
    const source = this.#source;
    if (!source || this.#ended) return;
    const top = topOf(source.layers);
    const flowing = lowerLayers(this.#sent ?? top, source.available);
    if (sameLayers(flowing, this.#announced ?? top)) return;
    this.#announced = flowing;
    this.#listener.onUpdate({ update: 'layers', layers: flowing });
  }

  #follow(endpoint: PipeEndpoint, source: MediaSource): void {
    // If the new source cannot be sent, the outlet ends; the node that needs the track pulls it again.
    this.open(endpoint, source).catch(() => this.end('its new streams could not be sent'));
  }

  /** Stops sending. `notify`: sends the reason to the other side. Idempotent. */
  end(reason: string, { notify = true }: { notify?: boolean } = {}): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const disposable of this.#disposables) disposable[Symbol.dispose]();
    for (const piped of this.#piped) piped.close();
    if (notify) this.#listener.onUpdate({ update: 'closed', closed: { reason } });
    this.#listener.onEnd(reason);
  }
}
