/** What a person would see and hear of another, measured in the page over about 1.5 s. */
export interface MediaReport {
  /** Frames that the video element showed meanwhile. */
  readonly framesShown: number;
  /** Mean brightness of a frame, 0 black to 255 white. */
  readonly brightness: number;
  /** Mean change per pixel between two frames. */
  readonly motion: number;
  /** Loudest moment, root mean square of samples in [-1, 1]. */
  readonly loudness: number;
  readonly width: number;
  readonly height: number;
}

interface RoomOfPage {
  readonly participants: ReadonlyMap<string, { readonly tracks: ReadonlyMap<string, TrackOfPage> }>;
}

interface TrackOfPage {
  readonly kind: string;
  readonly source: string;
  setPreferredLayers(layers: { spatialLayer: number }): void | Promise<void>;
  readonly mediaStreamTrack?: MediaStreamTrack | undefined;
}

declare global {
  interface Window {
    skeinRoom?: unknown;
  }
}

/**
 * Runs inside the page, so it may use nothing from outside itself. Looks at the video of one participant's tile and
 * listens to their microphone.
 */
export async function probeMedia(identity: string): Promise<MediaReport> {
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  const tile = [...document.querySelectorAll<HTMLElement>('[data-testid="tile"]')].find(
    (element) => element.dataset['identity'] === identity && element.dataset['source'] !== 'screen',
  );
  const video = tile?.querySelector('video') ?? undefined;

  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [64, 36];
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  const grab = (): number[] => {
    if (!video || video.videoWidth === 0) return [];
    context.drawImage(video, 0, 0, 64, 36);
    const { data } = context.getImageData(0, 0, 64, 36);
    return Array.from(
      { length: 64 * 36 },
      (_, pixel) => (data[pixel * 4]! + data[pixel * 4 + 1]! + data[pixel * 4 + 2]!) / 3,
    );
  };
  const mean = (values: number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const shown = (): number => video?.getVideoPlaybackQuality().totalVideoFrames ?? 0;

  const participant = (window.skeinRoom as RoomOfPage | undefined)?.participants.get(identity);
  const microphone = [...(participant?.tracks.values() ?? [])].find(
    ({ kind }) => kind === 'audio',
  )?.mediaStreamTrack;
  const audio = new AudioContext();
  await audio.resume();
  const analyser = audio.createAnalyser();
  if (microphone) audio.createMediaStreamSource(new MediaStream([microphone])).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);

  const firstShown = shown();
  const first = grab();
  let loudness = 0;
  let motion = 0;
  for (let round = 0; round < 30; round++) {
    await pause(50);
    analyser.getFloatTimeDomainData(samples);
    loudness = Math.max(loudness, Math.sqrt(mean([...samples].map((sample) => sample * sample))));
    if (round % 5 === 4) {
      const now = grab();
      motion = Math.max(motion, mean(now.map((value, pixel) => Math.abs(value - (first[pixel] ?? value)))));
    }
  }
  await audio.close();
  return {
    framesShown: shown() - firstShown,
    brightness: mean(grab()),
    motion,
    loudness,
    width: video?.videoWidth ?? 0,
    height: video?.videoHeight ?? 0,
  };
}

/** Runs inside the page, like `probeMedia`. */
export async function chooseLayer({
  identity,
  spatialLayer,
}: {
  identity: string;
  spatialLayer: number;
}): Promise<void> {
  const participant = (window.skeinRoom as RoomOfPage | undefined)?.participants.get(identity);
  const camera = [...(participant?.tracks.values() ?? [])].find(({ source }) => source === 'camera');
  if (!camera) throw new Error(`${identity} publishes no camera`);
  await camera.setPreferredLayers({ spatialLayer });
}
