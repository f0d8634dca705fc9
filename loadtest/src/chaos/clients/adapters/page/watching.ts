import type { Watching } from '../../arrivals.ts';
import type { ArrivalBatch, MediaMessage } from './arrival-worker.ts';

// Not in TypeScript's DOM library: https://www.w3.org/TR/mediacapture-transform/ as Chromium has it on the main thread.
declare const MediaStreamTrackProcessor: new (init: { track: MediaStreamTrack }) => {
  readonly readable: ReadableStream<VideoFrame | AudioData>;
};

/** Tells of each picture and of each change of the tone, as they come out of the browser's decoders. */
export function openPageWatching(onArrival: (mediaTrackId: string, atMs: number) => void): Watching {
  const worker = new Worker('/arrival-worker.js');
  worker.addEventListener('message', ({ data }: MessageEvent<ArrivalBatch>) => {
    for (const { mediaTrackId, atMs } of data) onArrival(mediaTrackId, atMs);
  });
  return {
    look(track) {
      const { readable } = new MediaStreamTrackProcessor({ track });
      const message: MediaMessage = { mediaTrackId: track.id, media: readable };
      worker.postMessage(message, [readable]);
      const silence = track.kind === 'audio' ? play(track) : () => undefined;
      return () => {
        silence();
        worker.postMessage({ mediaTrackId: track.id } satisfies MediaMessage);
      };
    },
  };
}

/** Chromium decodes the sound of a peer connection only while an element plays it: https://crbug.com/933677. */
function play(track: MediaStreamTrack): () => void {
  const element = new Audio();
  element.muted = true;
  element.srcObject = new MediaStream([track]);
  element.play().catch(() => undefined);
  return () => {
    element.srcObject = null;
  };
}
