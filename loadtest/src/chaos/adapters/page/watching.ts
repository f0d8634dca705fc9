import type { Watching } from '../../arrivals.ts';
import type { ArrivalBatch, PicturesMessage } from './arrival-worker.ts';

// Not in TypeScript's DOM library: https://www.w3.org/TR/mediacapture-transform/ as Chromium has it on the main thread.
declare const MediaStreamTrackProcessor: new (init: { track: MediaStreamTrack }) => {
  readonly readable: ReadableStream<VideoFrame>;
};

const AUDIO_EVERY_MS = 250;

/** To be called before the SDK makes a peer connection. Tells of pictures one by one, and of sound now and then. */
export function openPageWatching(onArrival: (mediaTrackId: string, atMs: number) => void): Watching {
  return new PageWatching(onArrival);
}

class PageWatching implements Watching {
  // Seeing each packet takes a script transform, and Chromium's stop telling after some re-negotiations.
  readonly audioEveryMs = AUDIO_EVERY_MS;
  readonly #worker = new Worker('/arrival-worker.js');
  /** Packets of each audio receiver so far. */
  readonly #heard = new Map<RTCRtpReceiver, number>();

  constructor(onArrival: (mediaTrackId: string, atMs: number) => void) {
    this.#worker.addEventListener('message', ({ data }: MessageEvent<ArrivalBatch>) => {
      for (const { mediaTrackId, atMs } of data) onArrival(mediaTrackId, atMs);
    });
    const heard = this.#heard;
    window.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        this.addEventListener('track', ({ receiver, track }) => {
          if (track.kind === 'audio') heard.set(receiver, 0);
        });
      }
    };
    setInterval(() => {
      for (const receiver of heard.keys()) void this.#hear(receiver, onArrival);
    }, AUDIO_EVERY_MS);
  }

  async #hear(receiver: RTCRtpReceiver, onArrival: (id: string, atMs: number) => void): Promise<void> {
    const { track } = receiver;
    if (track.readyState === 'ended') return void this.#heard.delete(receiver);
    const before = this.#heard.get(receiver) ?? 0;
    for (const entry of (await receiver.getStats()).values() as Iterable<RTCInboundRtpStreamStats>) {
      if (entry.type !== 'inbound-rtp' || (entry.packetsReceived ?? 0) <= before) continue;
      this.#heard.set(receiver, entry.packetsReceived ?? 0);
      onArrival(track.id, Date.now());
    }
  }

  look(track: MediaStreamTrack): () => void {
    const { readable } = new MediaStreamTrackProcessor({ track });
    const message: PicturesMessage = { mediaTrackId: track.id, pictures: readable };
    this.#worker.postMessage(message, [readable]);
    return () => this.#worker.postMessage({ mediaTrackId: track.id } satisfies PicturesMessage);
  }
}
