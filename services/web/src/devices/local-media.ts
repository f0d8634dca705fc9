import {
  captureCamera,
  captureMicrophone,
  type CameraSize,
  type Captured,
  type DeviceProblem,
} from '../adapters/capture.ts';

export type Capture =
  | { readonly kind: 'off' }
  | { readonly kind: 'opening' }
  | { readonly kind: 'on'; readonly track: MediaStreamTrack }
  | { readonly kind: 'problem'; readonly problem: DeviceProblem };

export type CaptureKind = 'camera' | 'microphone';

/** The result of opening a device. */
export type Opened =
  | { readonly kind: 'captured'; readonly track: MediaStreamTrack }
  /** The old device stays in use: `track` is the same capture, or a new one of the same device. */
  | { readonly kind: 'kept'; readonly track: MediaStreamTrack; readonly problem: DeviceProblem }
  | { readonly kind: 'problem'; readonly problem: DeviceProblem }
  /** Another call has replaced this one. */
  | { readonly kind: 'superseded' };

export type OpenDevice = (kind: CaptureKind, deviceId: string, size: CameraSize) => Promise<Captured>;

const openDevice: OpenDevice = (kind, deviceId, size) =>
  kind === 'camera' ? captureCamera(deviceId, size) : captureMicrophone(deviceId);

/** The camera and microphone of this user: opened in the lobby, published in the call. Emits `change`. */
export class LocalMedia extends EventTarget {
  readonly #size: CameraSize;
  readonly #openDevice: OpenDevice;
  /** Devices that the user has turned off; kept when the page joins again. */
  readonly #off: Record<CaptureKind, boolean> = { camera: false, microphone: false };
  readonly #captures: Record<CaptureKind, Capture> = { camera: { kind: 'off' }, microphone: { kind: 'off' } };
  readonly #deviceIds: Record<CaptureKind, string> = { camera: '', microphone: '' };
  /** Incremented by every call, so that a capture that opens too late is stopped. */
  readonly #revisions: Record<CaptureKind, number> = { camera: 0, microphone: 0 };
  speakerId = '';

  constructor(size: CameraSize, open = openDevice) {
    super();
    this.#size = size;
    this.#openDevice = open;
  }

  isOff(kind: CaptureKind): boolean {
    return this.#off[kind];
  }

  setOff(kind: CaptureKind, off: boolean): void {
    this.#off[kind] = off;
  }

  capture(kind: CaptureKind): Capture {
    return this.#captures[kind];
  }

  track(kind: CaptureKind): MediaStreamTrack | undefined {
    const capture = this.#captures[kind];
    return capture.kind === 'on' ? capture.track : undefined;
  }

  /** The chosen device; empty for the default device of the system. */
  deviceId(kind: CaptureKind): string {
    return this.#deviceIds[kind] || (this.track(kind)?.getSettings().deviceId ?? '');
  }

  /**
   * Opens a device. An open one stays in use until the other one is open, and if that fails.
   */
  async open(kind: CaptureKind, deviceId = this.#deviceIds[kind]): Promise<Opened> {
    const revision = ++this.#revisions[kind];
    const before = this.track(kind);
    const idBefore = this.deviceId(kind);
    this.#deviceIds[kind] = deviceId;
    if (!before) this.#set(kind, { kind: 'opening' });
    let captured = await this.#capture(kind, deviceId, revision);
    // Phones open one camera at a time: stop the old one first.
    if (captured?.kind === 'problem' && captured.problem === 'busy' && before?.readyState === 'live') {
      before.stop();
      captured = await this.#capture(kind, deviceId, revision);
    }
    if (!captured) return { kind: 'superseded' };
    if (captured.kind === 'captured') {
      if (before !== captured.track) before?.stop();
      return this.#take(kind, captured.track);
    }
    if (before) this.#deviceIds[kind] = idBefore;
    const kept = before && (await this.#keep(kind, before, idBefore, revision));
    if (this.#revisions[kind] !== revision) return { kind: 'superseded' };
    if (kept) {
      // The selects show the old device again.
      this.dispatchEvent(new Event('change'));
      return { kind: 'kept', track: kept, problem: captured.problem };
    }
    this.#set(kind, { kind: 'problem', problem: captured.problem });
    return captured;
  }

  /** Stops the capture, so that the light of the device turns off. */
  close(kind: CaptureKind): void {
    this.#revisions[kind]++;
    this.track(kind)?.stop();
    this.#set(kind, { kind: 'off' });
  }

  /** Undefined when another call has replaced this one. */
  async #capture(kind: CaptureKind, deviceId: string, revision: number): Promise<Captured | undefined> {
    const captured = await this.#openDevice(kind, deviceId, this.#size);
    if (this.#revisions[kind] === revision) return captured;
    if (captured.kind === 'captured') captured.track.stop();
    return undefined;
  }

  /** The old device, opened again if it was stopped. */
  async #keep(
    kind: CaptureKind,
    before: MediaStreamTrack,
    deviceId: string,
    revision: number,
  ): Promise<MediaStreamTrack | undefined> {
    if (before.readyState === 'live') return before;
    const captured = await this.#capture(kind, deviceId, revision);
    if (captured?.kind !== 'captured') return undefined;
    this.#take(kind, captured.track);
    return captured.track;
  }

  #take(kind: CaptureKind, track: MediaStreamTrack): Opened {
    this.#watch(kind, track);
    this.#set(kind, { kind: 'on', track });
    return { kind: 'captured', track };
  }

  #watch(kind: CaptureKind, track: MediaStreamTrack): void {
    const onEnded = (): void => {
      if (this.track(kind) === track) this.#set(kind, { kind: 'problem', problem: 'missing' });
    };
    track.addEventListener('ended', onEnded, { once: true });
  }

  #set(kind: CaptureKind, capture: Capture): void {
    this.#captures[kind] = capture;
    this.dispatchEvent(new Event('change'));
  }
}
