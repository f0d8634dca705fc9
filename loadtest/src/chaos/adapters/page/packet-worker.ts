/**
 * Runs in a worker of the page: sees every received audio packet on its way to the decoder
 * (https://www.w3.org/TR/webrtc-encoded-transform/) and tells the page when each came, in batches.
 */
interface RtcTransformEvent extends Event {
  readonly transformer: {
    readonly readable: ReadableStream<unknown>;
    readonly writable: WritableStream<unknown>;
    readonly options: { readonly mediaTrackId: string };
  };
}

export type PacketBatch = readonly { readonly mediaTrackId: string; readonly atMs: number }[];

const BATCH_INTERVAL_MS = 50;

let batch: { mediaTrackId: string; atMs: number }[] = [];

self.addEventListener('rtctransform', (event) => {
  const { readable, writable, options } = (event as RtcTransformEvent).transformer;
  const watch = new TransformStream<unknown, unknown>({
    transform: (packet, controller) => {
      batch.push({ mediaTrackId: options.mediaTrackId, atMs: Date.now() });
      controller.enqueue(packet);
    },
  });
  readable
    .pipeThrough(watch)
    .pipeTo(writable)
    .catch(() => undefined);
});

setInterval(() => {
  if (batch.length === 0) return;
  self.postMessage(batch);
  batch = [];
}, BATCH_INTERVAL_MS);
