import type { LocalTrack, Room, TrackSource } from '@skein/client';
import { captureScreen } from '../adapters/capture.ts';
import type { CaptureKind, LocalMedia } from '../devices/local-media.ts';
import { deviceText, type ProblemText } from '../texts/problem-text.ts';

/** Publishes the captures of this user and keeps the tracks in step with them. */
export class LocalTracks {
  readonly #room: Room;
  readonly #media: LocalMedia;
  readonly #publishing = new Map<CaptureKind, Promise<void>>();

  constructor(room: Room, media: LocalMedia) {
    this.#room = room;
    this.#media = media;
  }

  get microphoneOn(): boolean {
    return this.#isOn('microphone');
  }

  get cameraOn(): boolean {
    return this.#isOn('camera');
  }

  /** Devices that are on, but interrupted by the system, such as for a phone call or by a privacy switch. */
  get interrupted(): readonly CaptureKind[] {
    return (['microphone', 'camera'] as const).filter(
      (kind) => this.#isOn(kind) && this.#published(kind)?.captureState === 'interrupted',
    );
  }

  get sharing(): boolean {
    return this.#published('screen') !== undefined;
  }

  /** Publishes the open captures. */
  async publishCaptured(): Promise<void> {
    await Promise.all((['microphone', 'camera'] as const).map((kind) => this.#publish(kind)));
  }

  /** Muting keeps the microphone open, so that unmuting is instant. */
  async setMicrophone(on: boolean): Promise<ProblemText | undefined> {
    this.#media.setOff('microphone', !on);
    const track = this.#published('microphone');
    if (on && !(track && this.#media.track('microphone'))) return await this.#turnOn('microphone');
    await (on ? track?.unmute() : track?.mute());
    return undefined;
  }

  /** Turning off closes the camera, so that its light turns off. The track stays published, muted. */
  async setCamera(on: boolean): Promise<ProblemText | undefined> {
    this.#media.setOff('camera', !on);
    if (on) return await this.#turnOn('camera');
    const muted = this.#published('camera')?.mute();
    this.#media.close('camera');
    await muted;
    return undefined;
  }

  /** Switches to another device. A device that is off stays off. */
  async chooseDevice(kind: CaptureKind, deviceId: string): Promise<ProblemText | undefined> {
    const opened = await this.#media.open(kind, deviceId);
    const track = this.#published(kind);
    if (opened.kind === 'captured' || opened.kind === 'kept') {
      if (track && track.mediaStreamTrack !== opened.track) await track.replaceTrack(opened.track);
      if (kind === 'camera' && track?.muted) this.#media.close('camera');
    } else if (opened.kind === 'problem') {
      // The capture is gone: do not leave a frozen picture.
      await track?.mute();
    }
    return 'problem' in opened ? deviceText([kind], opened.problem) : undefined;
  }

  async shareScreen(): Promise<ProblemText | undefined> {
    const screen = await captureScreen();
    if (screen === undefined) return undefined;
    if (typeof screen === 'string') return deviceText(['screen'], screen);
    await this.#room.publish(screen.video, { source: 'screen' });
    if (screen.audio) await this.#room.publish(screen.audio, { source: 'screen-audio' });
    return undefined;
  }

  async stopScreen(): Promise<void> {
    await Promise.all([this.#published('screen')?.stop(), this.#published('screen-audio')?.stop()]);
  }

  #isOn(kind: CaptureKind): boolean {
    const track = this.#published(kind);
    return track !== undefined && !track.muted;
  }

  async #turnOn(kind: CaptureKind): Promise<ProblemText | undefined> {
    if (!this.#media.track(kind)) await this.#media.open(kind);
    const captured = this.#media.track(kind);
    if (!captured) return this.#problem(kind);
    const track = this.#published(kind);
    if (!track) {
      await this.#publish(kind);
      return undefined;
    }
    await track.replaceTrack(captured);
    await track.unmute();
    return undefined;
  }

  /** Single-flight: a capture that opens and the button that requested it may both publish. */
  #publish(kind: CaptureKind): Promise<void> {
    const running = this.#publishing.get(kind);
    if (running) return running;
    const started = this.#publishNow(kind).finally(() => this.#publishing.delete(kind));
    this.#publishing.set(kind, started);
    return started;
  }

  async #publishNow(kind: CaptureKind): Promise<void> {
    const captured = this.#media.track(kind);
    if (!captured || this.#published(kind)) return;
    const track = await this.#room.publish(captured, { source: kind, muted: this.#media.isOff(kind) });
    // Apply what has changed during the request.
    const now = this.#media.track(kind);
    if (now && now !== captured) await track.replaceTrack(now);
    if (!now) await track.mute();
    else if (this.#media.isOff(kind) !== track.muted) await (track.muted ? track.unmute() : track.mute());
  }

  #published(source: TrackSource): LocalTrack | undefined {
    return [...this.#room.localParticipant.tracks.values()].find((track) => track.source === source);
  }

  #problem(kind: CaptureKind): ProblemText | undefined {
    const capture = this.#media.capture(kind);
    return capture.kind === 'problem' ? deviceText([kind], capture.problem) : undefined;
  }
}
