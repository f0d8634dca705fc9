export type DeviceKind = 'camera' | 'microphone' | 'screen';
/** Why a device could not be opened. Each has its own advice. */
export type DeviceProblem = 'denied' | 'missing' | 'busy' | 'insecure' | 'failed';

export type Captured =
  | { readonly kind: 'captured'; readonly track: MediaStreamTrack }
  | { readonly kind: 'problem'; readonly problem: DeviceProblem };

export interface CameraSize {
  readonly width: number;
  readonly height: number;
}

/** Opens a microphone; empty `deviceId`: the default device of the system. */
export function captureMicrophone(deviceId: string): Promise<Captured> {
  const audio = {
    ...wanted(deviceId),
    echoCancellation: true,
    noiseSuppression: true,
    autoGainControl: true,
  };
  return capture('microphone', () => devices().getUserMedia({ audio }));
}

/** Opens a camera, near `size` at up to 30 frames a second. */
export function captureCamera(deviceId: string, { width, height }: CameraSize): Promise<Captured> {
  const video = {
    ...wanted(deviceId),
    width: { ideal: width },
    height: { ideal: height },
    frameRate: { ideal: 30, max: 30 },
  };
  return capture('camera', () => devices().getUserMedia({ video }));
}

export interface CapturedScreen {
  readonly video: MediaStreamTrack;
  /** The audio of the shared tab or system, where the browser offers it. */
  readonly audio: MediaStreamTrack | undefined;
}

/** Lets the user choose a screen, window or tab. Undefined when the user cancelled. */
export async function captureScreen(): Promise<CapturedScreen | DeviceProblem | undefined> {
  try {
    const stream = await devices().getDisplayMedia({
      video: { frameRate: { ideal: 15, max: 30 } },
      audio: true,
    });
    const [video] = stream.getVideoTracks();
    return video ? { video, audio: stream.getAudioTracks()[0] } : 'failed';
  } catch (error) {
    const problem = problemOf(error);
    // Browsers do not distinguish "blocked" from "cancelled"; the latter is far more common.
    return problem === 'denied' ? undefined : problem;
  }
}

export function canShareScreen(): boolean {
  return 'mediaDevices' in navigator && 'getDisplayMedia' in navigator.mediaDevices;
}

export interface Device {
  readonly id: string;
  readonly label: string;
}

export interface Devices {
  readonly cameras: readonly Device[];
  readonly microphones: readonly Device[];
  readonly speakers: readonly Device[];
}

/** The available devices. Labels are empty before a permission is granted; numbers replace them. */
export async function listDevices(): Promise<Devices> {
  const all = 'mediaDevices' in navigator ? await navigator.mediaDevices.enumerateDevices() : [];
  const ofKind = (kind: MediaDeviceKind, name: string): Device[] =>
    all
      .filter((device) => device.kind === kind && device.deviceId !== '')
      .map(({ deviceId, label }, index) => ({ id: deviceId, label: label || `${name} ${index + 1}` }));
  return {
    cameras: ofKind('videoinput', 'Camera'),
    microphones: ofKind('audioinput', 'Microphone'),
    speakers: 'setSinkId' in HTMLMediaElement.prototype ? ofKind('audiooutput', 'Speaker') : [],
  };
}

export function onDevicesChanged(task: () => void): Disposable {
  if (!('mediaDevices' in navigator)) return { [Symbol.dispose]: () => undefined };
  navigator.mediaDevices.addEventListener('devicechange', task);
  return { [Symbol.dispose]: () => navigator.mediaDevices.removeEventListener('devicechange', task) };
}

async function capture(kind: DeviceKind, open: () => Promise<MediaStream>): Promise<Captured> {
  try {
    const stream = await open();
    const track = kind === 'camera' ? stream.getVideoTracks()[0] : stream.getAudioTracks()[0];
    return track ? { kind: 'captured', track } : { kind: 'problem', problem: 'failed' };
  } catch (error) {
    return { kind: 'problem', problem: problemOf(error) };
  }
}

// `mediaDevices` is missing outside of secure contexts.
function devices(): MediaDevices {
  if (!('mediaDevices' in navigator)) throw new DOMException('no media devices here', 'SecurityError');
  return navigator.mediaDevices;
}

function problemOf(error: unknown): DeviceProblem {
  switch (error instanceof DOMException ? error.name : '') {
    case 'NotAllowedError':
      return 'denied';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'missing';
    case 'NotReadableError':
    case 'AbortError':
      return 'busy';
    case 'SecurityError':
      return 'insecure';
    default:
      return 'failed';
  }
}

function wanted(deviceId: string): MediaTrackConstraints {
  return deviceId === '' ? {} : { deviceId: { exact: deviceId } };
}
