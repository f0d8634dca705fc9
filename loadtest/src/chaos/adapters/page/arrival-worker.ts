/**
 * Runs in a worker of the page, so that nothing the page is busy with delays what is measured: notes when each picture was
 * decoded, and tells the page in batches.
 */

/** The pictures of a track; without them, nobody looks at it any more. */
export interface PicturesMessage {
  readonly mediaTrackId: string;
  readonly pictures?: ReadableStream<VideoFrame>;
}

export type ArrivalBatch = readonly { readonly mediaTrackId: string; readonly atMs: number }[];

const BATCH_INTERVAL_MS = 50;

const readers = new Map<string, ReadableStreamDefaultReader<VideoFrame>>();
let batch: { mediaTrackId: string; atMs: number }[] = [];

self.addEventListener('message', ({ data }: MessageEvent<PicturesMessage>) => {
  const { mediaTrackId, pictures } = data;
  if (pictures) read(mediaTrackId, pictures.getReader()).catch(() => undefined);
  else
    readers
      .get(mediaTrackId)
      ?.cancel()
      .catch(() => undefined);
});

setInterval(() => {
  if (batch.length === 0) return;
  self.postMessage(batch);
  batch = [];
}, BATCH_INTERVAL_MS);

async function read(mediaTrackId: string, reader: ReadableStreamDefaultReader<VideoFrame>): Promise<void> {
  readers.set(mediaTrackId, reader);
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    value.close();
    note(mediaTrackId);
  }
  readers.delete(mediaTrackId);
}

function note(mediaTrackId: string): void {
  batch.push({ mediaTrackId, atMs: Date.now() });
}
