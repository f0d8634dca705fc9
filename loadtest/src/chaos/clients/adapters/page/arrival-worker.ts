/**
 * Runs in a worker of the page, so that nothing the page is busy with delays what is measured: notes when each picture was
 * decoded and when the tone changed in decoded sound, and tells the page in batches.
 */
import { ToneMeter } from '../../tone.ts';

/** What is decoded of a track; without it, nobody looks at that any more. */
export interface MediaMessage {
  readonly mediaTrackId: string;
  readonly media?: ReadableStream<VideoFrame | AudioData>;
}

export type ArrivalBatch = readonly { readonly mediaTrackId: string; readonly atMs: number }[];

const BATCH_INTERVAL_MS = 50;

const readers = new Map<string, ReadableStreamDefaultReader<VideoFrame | AudioData>>();
let batch: { mediaTrackId: string; atMs: number }[] = [];

self.addEventListener('message', ({ data }: MessageEvent<MediaMessage>) => {
  const { mediaTrackId, media } = data;
  if (media) read(mediaTrackId, media.getReader()).catch(() => undefined);
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

async function read(
  mediaTrackId: string,
  reader: ReadableStreamDefaultReader<VideoFrame | AudioData>,
): Promise<void> {
  readers.set(mediaTrackId, reader);
  const heard = soundMeter();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const arrived = value instanceof VideoFrame || heard(value);
    value.close();
    if (arrived) note(mediaTrackId);
  }
  readers.delete(mediaTrackId);
}

/** Whether the tone changed in the sound that it is given, piece by piece. */
function soundMeter(): (sound: AudioData) => boolean {
  let meter: ToneMeter | undefined;
  let samples = new Float32Array();
  return (sound) => {
    meter ??= new ToneMeter(sound.sampleRate);
    if (samples.length !== sound.numberOfFrames) samples = new Float32Array(sound.numberOfFrames);
    sound.copyTo(samples, { planeIndex: 0, format: 'f32-planar' });
    return meter.changes(samples);
  };
}

function note(mediaTrackId: string): void {
  batch.push({ mediaTrackId, atMs: Date.now() });
}
