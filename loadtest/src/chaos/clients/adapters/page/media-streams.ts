import { toneSamples } from '../../tone.ts';

// Not in TypeScript's DOM library: https://www.w3.org/TR/mediacapture-transform/ as Chromium has it on the main thread.
interface TrackGenerator extends MediaStreamTrack {
  readonly writable: WritableStream<VideoFrame>;
}

declare const MediaStreamTrackGenerator: new (init: { kind: 'video' }) => TrackGenerator;

const WIDTH = 160;
const HEIGHT = 90;
const LUMA_BYTES = WIDTH * HEIGHT;
const GREY = 128;

/** A small moving picture, made without a camera and without drawing: light enough for many pages on few cores. */
export function movingPicture(fps: number): MediaStreamTrack {
  const track = new MediaStreamTrackGenerator({ kind: 'video' });
  const writer = track.writable.getWriter();
  const pixels = new Uint8Array((LUMA_BYTES * 3) / 2).fill(GREY);
  let count = 0;
  setInterval(() => {
    const row = count++ % HEIGHT;
    pixels.fill(count % 256, row * WIDTH, (row + 1) * WIDTH);
    const timestamp = performance.now() * 1000;
    const frame = new VideoFrame(pixels, {
      format: 'I420',
      codedWidth: WIDTH,
      codedHeight: HEIGHT,
      timestamp,
    });
    writer.write(frame).catch(() => undefined);
  }, 1000 / fps);
  return track;
}

/** The bench's tones, without a pause. */
export function steadyTone(): MediaStreamTrack {
  const context = new AudioContext();
  const samples = toneSamples(context.sampleRate);
  const buffer = new AudioBuffer({ length: samples.length, sampleRate: context.sampleRate });
  buffer.copyToChannel(samples, 0);
  const tone = new AudioBufferSourceNode(context, { buffer, loop: true });
  const output = context.createMediaStreamDestination();
  tone.connect(output);
  tone.start();
  const [track] = output.stream.getAudioTracks();
  if (!track) throw new Error('the tone has no track');
  return track;
}
