import { captureCamera, captureMicrophone, type CameraSize, type Captured } from './adapters/capture.ts';
import type { DeviceProblem } from './problem-text.ts';

export type Capture =
  | { readonly state: 'off' }
  | { readonly state: 'opening' }
  | { readonly state: 'on'; readonly track: MediaStreamTrack }
  | { readonly state: 'problem'; readonly problem: DeviceProblem };

export type OwnKind = 'camera' | 'microphone';

/** This person's camera and microphone: chosen in the lobby, taken along into the call. */
export class OwnMedia extends EventTarget {
  readonly #size: CameraSize;
  readonly #captures: Record<OwnKind, Capture> = { camera: { state: 'off' }, microphone: { state: 'off' } };
  readonly #deviceIds: Record<OwnKind, string> = { camera: '', microphone: '' };
  /** Raised by every wish, so that a capture that comes too late is let go. */
  readonly #wishes: Record<OwnKind, number> = { camera: 0, microphone: 0 };
  speakerId = '';

  constructor(size: CameraSize) {
    super();
    this.#size = size;
  }

  capture(kind: OwnKind): Capture {
    return this.#captures[kind];
  }

  track(kind: OwnKind): MediaStreamTrack | undefined {
    const capture = this.#captures[kind];
    return capture.state === 'on' ? capture.track : undefined;
  }

  /** The chosen device; empty for the system's choice. */
  deviceId(kind: OwnKind): string {
    return this.#deviceIds[kind] || (this.track(kind)?.getSettings().deviceId ?? '');
  }

  /** Opens a device; answers with the capture, or undefined when that failed or was not wanted any more. */
  async open(kind: OwnKind, deviceId = this.#deviceIds[kind]): Promise<MediaStreamTrack | undefined> {
    const wish = ++this.#wishes[kind];
    this.#deviceIds[kind] = deviceId;
    const before = this.track(kind);
    if (!before) this.#set(kind, { state: 'opening' });
    const captured = await this.#open(kind, deviceId);
    if (this.#wishes[kind] !== wish) {
      if (captured.outcome === 'captured') captured.track.stop();
      return undefined;
    }
    before?.stop();
    if (captured.outcome === 'problem') {
      this.#set(kind, { state: 'problem', problem: captured.problem });
      return undefined;
    }
    this.#watch(kind, captured.track);
    this.#set(kind, { state: 'on', track: captured.track });
    return captured.track;
  }

  /** Lets the device go: its light turns off. */
  close(kind: OwnKind): void {
    this.#wishes[kind]++;
    this.track(kind)?.stop();
    this.#set(kind, { state: 'off' });
  }

  #open(kind: OwnKind, deviceId: string): Promise<Captured> {
    return kind === 'camera' ? captureCamera(deviceId, this.#size) : captureMicrophone(deviceId);
  }

  #watch(kind: OwnKind, track: MediaStreamTrack): void {
    const onEnded = (): void => {
      if (this.track(kind) === track) this.#set(kind, { state: 'problem', problem: 'missing' });
    };
    track.addEventListener('ended', onEnded, { once: true });
  }

  #set(kind: OwnKind, capture: Capture): void {
    this.#captures[kind] = capture;
    this.dispatchEvent(new Event('change'));
  }
}
