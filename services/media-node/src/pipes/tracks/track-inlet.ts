import { parseInput, rtpParameters as rtpParametersSchema, SkeinError, type Layers } from '@skein/protocol';
import type { TrackUpdate } from '@skein/rpc';
import type { MediaSource, PipeEndpoint } from '../../media/engine.ts';
import { PipeError } from '../model/pipe-errors.ts';

export interface InletListener {
  /** The track arrives through the pipe. */
  onSource(source: MediaSource): void;
  /** Called once, unless `close()` came first. */
  onEnd(error: SkeinError): void;
}

/** One track that arrives at one end of a pipe: follows the updates of the other end. */
export class TrackInlet {
  readonly #endpoint: PipeEndpoint;
  readonly #listener: InletListener;
  readonly #retire: (source: MediaSource) => void;
  #source: MediaSource | undefined;
  /** Sources whose streams were replaced; they close soon. */
  readonly #retiring = new Set<MediaSource>();
  /** As last received from the other end. */
  #parameters: string | undefined;
  #ended = false;
  #muted = false;
  #muting = false;
  #available: Required<Layers> | undefined;

  /** `retire`: closes a source whose streams were replaced, once receivers had the time to switch. */
  constructor(endpoint: PipeEndpoint, listener: InletListener, retire: (source: MediaSource) => void) {
    this.#endpoint = endpoint;
    this.#listener = listener;
    this.#retire = retire;
  }

  /** Handles the next update. One that is out of order or unreadable ends the inlet. */
  handle(update: TrackUpdate): void {
    if (this.#ended) return;
    switch (update.update) {
      case 'opened':
        return this.#opened(update.opened);
      case 'muted':
        // Only the last one counts, so that a slow engine makes no queue.
        this.#muted = update.muted.muted;
        void this.#applyMuted();
        return;
      case 'layers':
        this.#available = update.layers;
        this.#source?.setAvailable(update.layers);
        return;
      case 'closed':
        this.fail(new SkeinError('TRACK_NOT_FOUND', `the track ended at its node: ${update.closed.reason}`));
    }
  }

  /** Whether the track has arrived. */
  get flows(): boolean {
    return this.#source !== undefined && !this.#ended;
  }

  /** The other end is unreachable, or has ended the track. */
  fail(thrown: unknown): void {
    if (this.#ended) return;
    this.close();
    this.#listener.onEnd(SkeinError.from(thrown));
  }

  close(): void {
    this.#ended = true;
    for (const source of this.#retiring) source.close();
    this.#source?.close();
  }

  /**
   * Received again when the call broke and was repeated: the track continues as it was. Other parameters mean that the
   * publisher has replaced the streams: they are received beside the previous ones.
   */
  #opened({ kind, rtpParametersJson, muted }: Extract<TrackUpdate, { update: 'opened' }>['opened']): void {
    this.#muted = muted;
    if (this.#parameters === rtpParametersJson) return void this.#applyMuted();
    // The first streams are still being received: pulling again is simpler than handling both.
    if (this.#parameters !== undefined && !this.#source) return this.fail(PipeError.cameBackDifferent());
    this.#parameters = rtpParametersJson;
    // New streams have all layers until the other end reports fewer.
    this.#available = undefined;
    void this.#open(kind, rtpParametersJson);
  }

  async #open(kind: MediaSource['kind'], rtpParametersJson: string): Promise<void> {
    try {
      const rtpParameters = parseInput(
        rtpParametersSchema,
        JSON.parse(rtpParametersJson),
        'rtpParametersJson',
      );
      const source = await this.#endpoint.receive({ kind, rtpParameters, muted: this.#muted });
      // Replaced again meanwhile.
      if (this.#ended || this.#parameters !== rtpParametersJson) return source.close();
      const earlier = this.#source;
      this.#source = source;
      source.events.on('closed', ({ reason }) => {
        if (this.#source === source) this.fail(new SkeinError('PIPE_FAILED', `the pipe ended: ${reason}`));
      });
      if (source.closed) return this.fail(new SkeinError('PIPE_FAILED', 'the pipe ended'));
      if (this.#available) source.setAvailable(this.#available);
      this.#listener.onSource(source);
      if (earlier) this.#replace(earlier, source);
    } catch (error) {
      return this.fail(error);
    }
    await this.#applyMuted();
  }

  #replace(earlier: MediaSource, by: MediaSource): void {
    earlier.events.emit('replaced', { by });
    this.#retiring.add(earlier);
    earlier.events.on('closed', () => this.#retiring.delete(earlier));
    this.#retire(earlier);
  }

  async #applyMuted(): Promise<void> {
    const source = this.#source;
    if (!source || this.#muting) return;
    this.#muting = true;
    try {
      while (!this.#ended && source.muted !== this.#muted) await source.setMuted(this.#muted);
    } catch (error) {
      this.fail(error);
    } finally {
      this.#muting = false;
    }
  }
}
