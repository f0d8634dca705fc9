import type { Watching } from '../../arrivals.ts';
import type { ArrivalBatch, PicturesMessage } from './arrival-worker.ts';

// Not in TypeScript's DOM library: the standard's transform, and https://www.w3.org/TR/mediacapture-transform/ as Chromium
// has it on the main thread.
declare const RTCRtpScriptTransform: new (worker: Worker, options: { mediaTrackId: string }) => object;
declare const MediaStreamTrackProcessor: new (init: { track: MediaStreamTrack }) => {
  readonly readable: ReadableStream<VideoFrame>;
};

/** To be called before the SDK makes a peer connection. Tells of packets of each audio track, and pictures of videos. */
export function openPageWatching(onArrival: (mediaTrackId: string, atMs: number) => void): Watching {
  return new PageWatching(onArrival);
}

class PageWatching implements Watching {
  readonly #worker = new Worker('/arrival-worker.js');

  constructor(onArrival: (mediaTrackId: string, atMs: number) => void) {
    const worker = this.#worker;
    worker.addEventListener('message', ({ data }: MessageEvent<ArrivalBatch>) => {
      for (const { mediaTrackId, atMs } of data) onArrival(mediaTrackId, atMs);
    });
    window.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        this.addEventListener('track', ({ receiver, track }) => {
          if (track.kind !== 'audio') return;
          const watched = receiver as RTCRtpReceiver & { transform: object | null };
          // A receiver that is used again for another track has a transform whose streams have ended.
          watched.transform = new RTCRtpScriptTransform(worker, { mediaTrackId: track.id });
        });
      }
    };
  }

  look(track: MediaStreamTrack): () => void {
    const { readable } = new MediaStreamTrackProcessor({ track });
    const message: PicturesMessage = { mediaTrackId: track.id, pictures: readable };
    this.#worker.postMessage(message, [readable]);
    return () => this.#worker.postMessage({ mediaTrackId: track.id } satisfies PicturesMessage);
  }
}
