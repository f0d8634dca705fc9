import {
  captureCamera,
  captureMicrophone,
  type CameraSize,
  type Captured,
  type DeviceProblem,
} from '../adapters/capture.ts';

export type Capture =
  | { readonly state: 'off' }
  | { readonly state: 'opening' }
  | { readonly state: 'on'; readonly track: MediaStreamTrack }
  | { readonly state: 'problem'; readonly problem: DeviceProblem };

export type OwnKind = 'camera' | 'microphone';

/** What asking for a device came to. */
export type Opened =
  | { readonly outcome: 'captured'; readonly track: MediaStreamTrack }
  /** The device before goes on: `track` is the same capture as before, or a new one of the same device. */
  | { readonly outcome: 'kept'; readonly track: MediaStreamTrack; readonly problem: DeviceProblem }
  | { readonly outcome: 'problem'; readonly problem: DeviceProblem }
  /** Something else was asked for meanwhile. */
  | { readonly outcome: 'superseded' };

export type OpenDevice = (kind: OwnKind, deviceId: string, size: CameraSize) => Promise<Captured>;

const openDevice: OpenDevice = (kind, deviceId, size) =>
  kind === 'camera' ? captureCamera(deviceId, size) : captureMicrophone(deviceId);

/** This person's camera and microphone: chosen in the lobby, taken along into the call. */
export class OwnMedia extends EventTarget {
  readonly #size: CameraSize;
  readonly #openDevice: OpenDevice;
  /** What the person has turned off; kept on every way back into a room. */
  readonly #off: Record<OwnKind, boolean> = { camera: false, microphone: false };
  readonly #captures: Record<OwnKind, Capture> = { camera: { state: 'off' }, microphone: { state: 'off' } };
  readonly #deviceIds: Record<OwnKind, string> = { camera: '', microphone: '' };
  /** Raised by every wish, so that a capture that comes too late is let go. */
  readonly #wishes: Record<OwnKind, number> = { camera: 0, microphone: 0 };
  speakerId = '';

  constructor(size: CameraSize, open = openDevice) {
    super();
    this.#size = size;
    this.#openDevice = open;
  }

  isOff(kind: OwnKind): boolean {
    return this.#off[kind];
  }

  setOff(kind: OwnKind, off: boolean): void {
    this.#off[kind] = off;
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

  /**
   * Opens a device. While one is open already, that goes on until the other one is there, and for good when the other one
   * cannot be had.
   */
  async open(kind: OwnKind, deviceId = this.#deviceIds[kind]): Promise<Opened> {
    const wish = ++this.#wishes[kind];
    const before = this.track(kind);
    const idBefore = this.deviceId(kind);
    this.#deviceIds[kind] = deviceId;
    if (!before) this.#set(kind, { state: 'opening' });
    let captured = await this.#capture(kind, deviceId, wish);
    // Phones open one camera at a time: the one before has to go first.
    if (captured?.outcome === 'problem' && captured.problem === 'busy' && before?.readyState === 'live') {
      before.stop();
      captured = await this.#capture(kind, deviceId, wish);
    }
    if (!captured) return { outcome: 'superseded' };
    if (captured.outcome === 'captured') {
      if (before !== captured.track) before?.stop();
      return this.#take(kind, captured.track);
    }
    if (before) this.#deviceIds[kind] = idBefore;
    const kept = before && (await this.#keep(kind, before, idBefore, wish));
    if (this.#wishes[kind] !== wish) return { outcome: 'superseded' };
    if (kept) {
      // Whoever shows which device is chosen shows the one before again.
      this.dispatchEvent(new Event('change'));
      return { outcome: 'kept', track: kept, problem: captured.problem };
    }
    this.#set(kind, { state: 'problem', problem: captured.problem });
    return captured;
  }

  /** Lets the device go: its light turns off. */
  close(kind: OwnKind): void {
    this.#wishes[kind]++;
    this.track(kind)?.stop();
    this.#set(kind, { state: 'off' });
  }

  /** Undefined when something else was asked for meanwhile. */
  async #capture(kind: OwnKind, deviceId: string, wish: number): Promise<Captured | undefined> {
    const captured = await this.#openDevice(kind, deviceId, this.#size);
    if (this.#wishes[kind] === wish) return captured;
    if (captured.outcome === 'captured') captured.track.stop();
    return undefined;
  }

  /** The device before, opened again if it was stopped. */
  async #keep(
    kind: OwnKind,
    before: MediaStreamTrack,
    deviceId: string,
    wish: number,
  ): Promise<MediaStreamTrack | undefined> {
    if (before.readyState === 'live') return before;
    const captured = await this.#capture(kind, deviceId, wish);
    if (captured?.outcome !== 'captured') return undefined;
    this.#take(kind, captured.track);
    return captured.track;
  }

  #take(kind: OwnKind, track: MediaStreamTrack): Opened {
    this.#watch(kind, track);
    this.#set(kind, { state: 'on', track });
    return { outcome: 'captured', track };
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
