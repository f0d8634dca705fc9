import type { LocalTrack, Room, TrackSource } from '@skein/client';
import { captureScreen } from '../adapters/capture.ts';
import type { OwnKind, OwnMedia } from '../devices/local-media.ts';
import { deviceText, type ProblemText } from '../texts/problem-text.ts';

/** What this person sends into the call: captures on one side, published tracks on the other. */
export class OwnTracks {
  readonly #room: Room;
  readonly #media: OwnMedia;
  readonly #publishing = new Map<OwnKind, Promise<void>>();

  constructor(room: Room, media: OwnMedia) {
    this.#room = room;
    this.#media = media;
  }

  get microphoneOn(): boolean {
    return this.#isOn('microphone');
  }

  get cameraOn(): boolean {
    return this.#isOn('camera');
  }

  /** What is on, and gives nothing: the system has muted it, for a phone call or by a privacy switch. */
  get interrupted(): readonly OwnKind[] {
    return (['microphone', 'camera'] as const).filter(
      (kind) => this.#isOn(kind) && this.#published(kind)?.captureState === 'interrupted',
    );
  }

  get sharing(): boolean {
    return this.#published('screen') !== undefined;
  }

  /** Publishes what is captured already: what the lobby has opened, or came in meanwhile. */
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

  /** Off closes the camera, so that its light goes off; the track stays published, muted. */
  async setCamera(on: boolean): Promise<ProblemText | undefined> {
    this.#media.setOff('camera', !on);
    if (on) return await this.#turnOn('camera');
    const muted = this.#published('camera')?.mute();
    this.#media.close('camera');
    await muted;
    return undefined;
  }

  /** Takes another device; a microphone or camera that is off stays off. */
  async chooseDevice(kind: OwnKind, deviceId: string): Promise<ProblemText | undefined> {
    const opened = await this.#media.open(kind, deviceId);
    const track = this.#published(kind);
    if (opened.outcome === 'captured' || opened.outcome === 'kept') {
      if (track && track.mediaStreamTrack !== opened.track) await track.replaceTrack(opened.track);
      if (kind === 'camera' && track?.muted) this.#media.close('camera');
    } else if (opened.outcome === 'problem') {
      // Its capture is gone: nobody should look at a picture that stands still.
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

  #isOn(kind: OwnKind): boolean {
    const track = this.#published(kind);
    return track !== undefined && !track.muted;
  }

  async #turnOn(kind: OwnKind): Promise<ProblemText | undefined> {
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

  /** Shared by all who want the same at once: a capture that comes in and the button that asked for it. */
  #publish(kind: OwnKind): Promise<void> {
    const running = this.#publishing.get(kind);
    if (running) return running;
    const started = this.#publishNow(kind).finally(() => this.#publishing.delete(kind));
    this.#publishing.set(kind, started);
    return started;
  }

  async #publishNow(kind: OwnKind): Promise<void> {
    const captured = this.#media.track(kind);
    if (!captured || this.#published(kind)) return;
    const track = await this.#room.publish(captured, { source: kind, muted: this.#media.isOff(kind) });
    // Closed, exchanged or turned on while the room was answering.
    const now = this.#media.track(kind);
    if (now && now !== captured) await track.replaceTrack(now);
    if (!now) await track.mute();
    else if (this.#media.isOff(kind) !== track.muted) await (track.muted ? track.unmute() : track.mute());
  }

  #published(source: TrackSource): LocalTrack | undefined {
    return [...this.#room.localParticipant.tracks.values()].find((track) => track.source === source);
  }

  #problem(kind: OwnKind): ProblemText | undefined {
    const capture = this.#media.capture(kind);
    return capture.state === 'problem' ? deviceText([kind], capture.problem) : undefined;
  }
}
