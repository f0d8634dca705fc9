import type { LocalTrack, Room, TrackSource } from '@skein/client';
import { captureScreen } from '../adapters/capture.ts';
import type { OwnKind, OwnMedia } from '../own-media.ts';
import { deviceText, type ProblemText } from '../problem-text.ts';

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

  get sharing(): boolean {
    return this.#published('screen') !== undefined;
  }

  /** Publishes what is captured already: what the lobby has opened, or came in meanwhile. */
  async publishCaptured(): Promise<void> {
    await Promise.all((['microphone', 'camera'] as const).map((kind) => this.#publish(kind)));
  }

  /** Muting keeps the microphone open, so that unmuting is instant. */
  async setMicrophone(on: boolean): Promise<ProblemText | undefined> {
    const track = this.#published('microphone');
    if (on && !(track && this.#media.track('microphone'))) return await this.#turnOn('microphone');
    await (on ? track?.unmute() : track?.mute());
    return undefined;
  }

  /** Off closes the camera, so that its light goes off; the track stays published, muted. */
  async setCamera(on: boolean): Promise<ProblemText | undefined> {
    if (on) return await this.#turnOn('camera');
    const muted = this.#published('camera')?.mute();
    this.#media.close('camera');
    await muted;
    return undefined;
  }

  /** Takes another device; a microphone or camera that is off stays off. */
  async chooseDevice(kind: OwnKind, deviceId: string): Promise<ProblemText | undefined> {
    const captured = await this.#media.open(kind, deviceId);
    if (!captured) return this.#problem(kind);
    const track = this.#published(kind);
    if (track) await track.replaceTrack(captured);
    if (kind === 'camera' && track?.muted) this.#media.close('camera');
    return undefined;
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
    const captured = this.#media.track(kind) ?? (await this.#media.open(kind));
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
    const track = await this.#room.publish(captured, { source: kind });
    // Closed or exchanged while the room was answering.
    const now = this.#media.track(kind);
    if (!now) await track.mute();
    else if (now !== captured) await track.replaceTrack(now);
  }

  #published(source: TrackSource): LocalTrack | undefined {
    return [...this.#room.localParticipant.tracks.values()].find((track) => track.source === source);
  }

  #problem(kind: OwnKind): ProblemText | undefined {
    const capture = this.#media.capture(kind);
    return capture.state === 'problem' ? deviceText([kind], capture.problem) : undefined;
  }
}
