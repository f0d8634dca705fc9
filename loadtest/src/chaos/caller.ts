import type { ConnectOptions, RemoteTrack, Room } from '@skein/client';
import { Arrivals, type OpenWatching } from './arrivals.ts';
import {
  VISITOR,
  type CallerApi,
  type ConnectionLogEntry,
  type Flicker,
  type PersonOptions,
  type PersonView,
} from './person-report.ts';

/** What a caller's surroundings give: a browser's page, or a process without one. */
export interface CallerPorts {
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  readonly connect: (options: ConnectOptions) => Promise<Room>;
  readonly openWatching: OpenWatching;
  /** A sound that never pauses. */
  readonly tone: () => MediaStreamTrack;
  /** `layers`: encodings that are asked for; a page has one only. */
  readonly picture: (
    fps: number,
    layers: 1 | 3,
  ) => { readonly track: MediaStreamTrack; readonly layers: 1 | 3 };
  /** Where the last socket leads. */
  readonly lastSocketUrl: () => string;
  readonly sleep: (ms: number) => Promise<unknown>;
}

/** Counted for this long when somebody asks why nothing comes. */
const EVIDENCE_MS = 500;

/** One person in a call: publishes a small picture and a tone, receives everybody, and writes down what happens. */
export class Caller implements CallerApi {
  readonly #ports: CallerPorts;
  readonly #arrivals: Arrivals;
  readonly #connectionLog: ConnectionLogEntry[] = [];
  readonly #flickers: Flicker[] = [];
  readonly #errors: string[] = [];
  #room: Room | undefined;
  #excused: ReadonlySet<string> = new Set();

  constructor(ports: CallerPorts) {
    this.#ports = ports;
    this.#arrivals = new Arrivals(ports.openWatching);
  }

  async join({ urls, room: name, identity, nodeId, fps, layers: wanted = 1 }: PersonOptions): Promise<void> {
    const { connect, tone, picture } = this.#ports;
    const room = await connect({ url: urls, room: name, name: identity, identity, nodeId });
    this.#room = room;
    this.#note(room.connection);
    this.#follow(room);
    await room.publish(tone(), { source: 'microphone' });
    if (fps <= 0) return;
    const { track, layers } = picture(fps, wanted);
    await room.publish(track, { source: 'camera', simulcast: layers > 1 });
  }

  view(): PersonView {
    const room = this.#joined();
    const atMs = this.#ports.nowMs();
    const { identity, sessionId, nodeId, tracks } = room.localParticipant;
    const others = [...room.participants.values()].map((other) => ({
      identity: other.identity,
      tracks: [...other.tracks.values()].map(({ id, kind }) => ({
        trackId: id,
        kind,
        quietMs: this.#arrivals.quietMs(id, atMs),
      })),
    }));
    return {
      ...{ identity, atMs, sessionId, nodeId, others },
      connection: this.#connectionLog.at(-1) ?? { state: 'unknown', atMs },
      gateway: this.#ports.lastSocketUrl(),
      published: [...tracks.keys()],
      flickers: this.#flickers,
      connectionLog: this.#connectionLog,
      errors: this.#errors,
    };
  }

  gaps(fromMs: number, toMs: number): ReturnType<Arrivals['gaps']> {
    return this.#arrivals.gaps(fromMs, toMs);
  }

  async evidence(trackId: string): Promise<string> {
    const tracks = [...this.#joined().participants.values()].flatMap((other) => [...other.tracks.values()]);
    const track = tracks.find(({ id }) => id === trackId);
    if (!track) return 'the SDK does not know it';
    await track.stats();
    await this.#ports.sleep(EVIDENCE_MS);
    const { subscribed, enabled, muted, nodeId } = track;
    return JSON.stringify({ subscribed, enabled, muted, nodeId, stats: await track.stats() });
  }

  excuse(identities: readonly string[]): void {
    this.#excused = new Set(identities);
  }

  async leave(): Promise<void> {
    await this.#room?.leave();
  }

  #follow(room: Room): void {
    for (const { tracks } of room.participants.values()) {
      for (const track of tracks.values())
        if (track.mediaStreamTrack) this.#show(track, track.mediaStreamTrack);
    }
    room.on('trackSubscribed', ({ track, mediaStreamTrack }) => this.#show(track, mediaStreamTrack));
    room.on('connectionStateChanged', ({ connection }) => this.#note(connection));
    room.on('participantLeft', ({ participant }) => this.#flicker('participantLeft', participant.identity));
    room.on('trackUnpublished', ({ participant, track }) =>
      this.#flicker(`trackUnpublished (${track.kind})`, participant.identity),
    );
    room.on('error', ({ error }) => this.#errors.push(`${error.code}: ${error.message}`));
  }

  #show(track: RemoteTrack, media: MediaStreamTrack): void {
    this.#arrivals.show(track, media, this.#ports.nowMs());
  }

  #note(connection: Room['connection']): void {
    const reason = 'reason' in connection ? connection.reason : undefined;
    const error = connection.state === 'closed' ? connection.error?.message : undefined;
    const cause = [reason, error].filter(Boolean).join(': ') || undefined;
    this.#connectionLog.push({ state: connection.state, cause, atMs: this.#ports.nowMs() });
  }

  #flicker(event: string, identity: string): void {
    if (identity.startsWith(VISITOR) || this.#excused.has(identity)) return this.#arrivals.forget(identity);
    this.#flickers.push({ event, identity, atMs: this.#ports.nowMs() });
  }

  #joined(): Room {
    if (!this.#room) throw new Error('not joined yet');
    return this.#room;
  }
}
