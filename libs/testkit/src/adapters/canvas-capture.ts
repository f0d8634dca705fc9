export interface Picture {
  readonly width: number;
  readonly height: number;
}

/** One person's camera, as another page has it. */
export interface ReceivedPicture extends Picture {
  /** How many sizes the room says that there are. */
  readonly spatialLayers: number;
  readonly bitrateBps: number;
}

interface LocalTrackOfPage {
  readonly id: string;
  readonly source: string;
  readonly muted: boolean;
  readonly captureState: string;
  readonly mediaStreamTrack: MediaStreamTrack;
  replaceTrack(track: MediaStreamTrack): Promise<void>;
  mute(): Promise<void>;
  unmute(): Promise<void>;
  unpublish(): Promise<void>;
}

interface RoomOfPage {
  readonly localParticipant: { readonly tracks: ReadonlyMap<string, LocalTrackOfPage> };
  readonly participants: ReadonlyMap<
    string,
    {
      readonly tracks: ReadonlyMap<
        string,
        {
          readonly source: string;
          readonly spatialLayers: number;
          stats(): Promise<{ readonly bitrateBps: number } | undefined>;
        }
      >;
    }
  >;
  publish(
    track: MediaStreamTrack,
    options: { readonly source: string; readonly muted?: boolean },
  ): Promise<LocalTrackOfPage>;
  on(event: 'localTrackCaptureChanged', listener: (payload: { track: LocalTrackOfPage }) => void): Disposable;
}

interface PageWithCanvas {
  skeinCanvas?: HTMLCanvasElement | undefined;
  /** Sound contexts that were made and not closed. */
  skeinContexts?: Set<AudioContext>;
  skeinRoom?: RoomOfPage;
}

/** Runs inside the page, like all of these: sends a moving picture of `size` as this person's camera. */
export async function sendCanvas({ width, height }: Picture): Promise<void> {
  const page = window as unknown as PageWithCanvas;
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width, height });
  const context = canvas.getContext('2d')!;
  let frame = 0;
  // Noise, so that an encoder has use for all the bits that it may take.
  const timer = setInterval(() => {
    if (page.skeinCanvas !== canvas) return clearInterval(timer);
    frame++;
    for (let y = 0; y < canvas.height; y += 12) {
      for (let x = 0; x < canvas.width; x += 12) {
        context.fillStyle = `hsl(${(x * 7 + y * 13 + frame * 31 + Math.random() * 90) % 360} 90% 50%)`;
        context.fillRect(x, y, 12, 12);
      }
    }
  }, 66);
  page.skeinCanvas = canvas;
  const [track] = canvas.captureStream(15).getVideoTracks();
  const camera = [...page.skeinRoom!.localParticipant.tracks.values()].find(
    ({ source }) => source === 'camera',
  );
  await camera!.replaceTrack(track!);
}

/** Shares a moving picture of `size` as this person's screen: a page of text that scrolls, with a film in it. */
export async function shareCanvas({ width, height }: Picture): Promise<void> {
  const page = window as unknown as PageWithCanvas;
  const [canvas, text] = [document.createElement('canvas'), document.createElement('canvas')];
  Object.assign(canvas, { width, height });
  Object.assign(text, { width, height: height * 2 });
  // In memory, where the capture reads it.
  const [screen, paper] = [canvas, text].map((one) => one.getContext('2d', { willReadFrequently: true })!);
  paper!.fillStyle = '#fff';
  paper!.fillRect(0, 0, text.width, text.height);
  paper!.fillStyle = '#222';
  paper!.font = '18px sans-serif';
  for (let line = 0; line * 26 < text.height; line++)
    paper!.fillText(`${line} ${'the quick brown fox '.repeat(8)}`, 20, line * 26);
  let frame = 0;
  const draw = (): void => {
    frame++;
    screen!.drawImage(text, 0, -((frame * 2) % height));
    for (let y = 0; y < height / 2; y += 24) {
      for (let x = 0; x < width / 2; x += 24) {
        screen!.fillStyle = `rgb(${(x + frame * 9) % 256} ${(y + frame * 5) % 256} ${(x * 3 + y + frame) % 256})`;
        screen!.fillRect(width / 2 + x, y, 24, 24);
      }
    }
  };
  draw();
  setInterval(draw, 100);
  await page.skeinRoom!.publish(canvas.captureStream(10).getVideoTracks()[0]!, { source: 'screen' });
}

/** As a phone that is turned, or a window that is resized: the same capture, another size. */
export function resizeCanvas({ width, height }: Picture): void {
  Object.assign((window as unknown as PageWithCanvas).skeinCanvas!, { width, height });
}

export async function receivedPicture(identity: string): Promise<ReceivedPicture> {
  const page = window as unknown as PageWithCanvas;
  const video = [...document.querySelectorAll<HTMLElement>('[data-testid="tile"]')]
    .find((tile) => tile.dataset['identity'] === identity && tile.dataset['source'] !== 'screen')
    ?.querySelector('video');
  const tracks = page.skeinRoom!.participants.get(identity)?.tracks.values();
  const camera = [...(tracks ?? [])].find(({ source }) => source === 'camera');
  return {
    width: video?.videoWidth ?? 0,
    height: video?.videoHeight ?? 0,
    spatialLayers: camera?.spatialLayers ?? 0,
    bitrateBps: (await camera?.stats())?.bitrateBps ?? 0,
  };
}

/** Runs before the page's own scripts: counts sound contexts. */
export function countSoundContexts(): void {
  const open = new Set<AudioContext>();
  (window as unknown as PageWithCanvas).skeinContexts = open;
  const Original = window.AudioContext;
  window.AudioContext = class extends Original {
    constructor(options?: AudioContextOptions) {
      super(options);
      open.add(this);
    }

    override close(): Promise<void> {
      open.delete(this);
      return super.close();
    }
  };
}

/** Sound contexts that are open now. */
export function openSoundContexts(): number {
  return (window as unknown as PageWithCanvas).skeinContexts?.size ?? -1;
}

/** Ends this person's microphone as a script may; the track stays published. */
export function stopMicrophone(): void {
  const page = window as unknown as PageWithCanvas;
  for (const { source, mediaStreamTrack } of page.skeinRoom!.localParticipant.tracks.values())
    if (source === 'microphone') mediaStreamTrack.stop();
}

/**
 * What a capture is when it is given back: muted, then unpublished, then published again; and one that its owner has disabled,
 * replaced. Answers with `enabled` of each.
 */
export async function captureRoundTrip(): Promise<Record<string, boolean>> {
  const page = window as unknown as PageWithCanvas;
  const room = page.skeinRoom!;
  const capture = async (): Promise<MediaStreamTrack> =>
    (await navigator.mediaDevices.getUserMedia({ audio: true })).getAudioTracks()[0]!;
  const first = await capture();
  const track = await room.publish(first, { source: 'screen-audio' });
  await track.mute();
  const whileMuted = first.enabled;
  await track.unpublish();
  const afterUnpublish = first.enabled;
  const disabled = await capture();
  disabled.enabled = false;
  const again = await room.publish(disabled, { source: 'screen-audio' });
  const other = await capture();
  await again.replaceTrack(other);
  const replaced = other.enabled;
  await again.unpublish();
  return { whileMuted, afterUnpublish, replaced, disabled: disabled.enabled };
}

/** As a phone call does: the system mutes the microphone, or gives it back. Answers with what the SDK told of it. */
export async function interruptMicrophone(events: readonly ('mute' | 'unmute')[]): Promise<string[]> {
  const room = (window as unknown as PageWithCanvas).skeinRoom!;
  const told: string[] = [];
  const microphone = [...room.localParticipant.tracks.values()].find(
    ({ source }) => source === 'microphone',
  )!;
  const listening = room.on('localTrackCaptureChanged', ({ track }) => told.push(track.captureState));
  const { mediaStreamTrack } = microphone;
  for (const event of events) {
    Object.defineProperty(mediaStreamTrack, 'muted', { configurable: true, get: () => event === 'mute' });
    mediaStreamTrack.dispatchEvent(new Event(event));
  }
  listening[Symbol.dispose]();
  return told;
}
