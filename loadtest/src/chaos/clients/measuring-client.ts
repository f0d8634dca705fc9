import type { ConnectOptions, RemoteTrack, Room } from '@skein/client';
import { Arrivals, type OpenWatching } from './arrivals.ts';
import {
  PROBE,
  type ClientApi,
  type ConnectionLogEntry,
  type SpuriousEvent,
  type ClientOptions,
  type ClientView,
} from './client-report.ts';

/** What a caller's surroundings give: a browser's page, or a process without one. */
export interface MeasuringClientDeps {
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
export class MeasuringClient implements ClientApi {
  readonly #deps: MeasuringClientDeps;
  readonly #arrivals: Arrivals;
  readonly #connectionLog: ConnectionLogEntry[] = [];
  readonly #spuriousEvents: SpuriousEvent[] = [];
  readonly #errors: string[] = [];
  #room: Room | undefined;
  #expectedAbsent: ReadonlySet<string> = new Set();

  constructor(deps: MeasuringClientDeps) {
    this.#deps = deps;
    this.#arrivals = new Arrivals(deps.openWatching);
  }

  async join({ urls, room: name, identity, nodeId, fps, layers: wanted = 1 }: ClientOptions): Promise<void> {
    const { connect, tone, picture } = this.#deps;
    const room = await connect({ url: urls, room: name, name: identity, identity, nodeId });
    this.#room = room;
    this.#note(room.connection);
    this.#follow(room);
    await room.publish(tone(), { source: 'microphone' });
    if (fps <= 0) return;
    const { track, layers } = picture(fps, wanted);
    await room.publish(track, { source: 'camera', simulcast: layers > 1 });
  }

  view(): ClientView {
    const room = this.#joined();
    const atMs = this.#deps.nowMs();
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
      gateway: this.#deps.lastSocketUrl(),
      published: [...tracks.keys()],
      spuriousEvents: this.#spuriousEvents,
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
    await this.#deps.sleep(EVIDENCE_MS);
    const { subscribed, enabled, muted, nodeId } = track;
    return JSON.stringify({ subscribed, enabled, muted, nodeId, stats: await track.stats() });
  }

  expectAbsence(identities: readonly string[]): void {
    this.#expectedAbsent = new Set(identities);
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
    room.on('participantLeft', ({ participant }) => this.#spurious('participantLeft', participant.identity));
    room.on('trackUnpublished', ({ participant, track }) =>
      this.#spurious(`trackUnpublished (${track.kind})`, participant.identity),
    );
    room.on('error', ({ error }) => this.#errors.push(`${error.code}: ${error.message}`));
  }

  #show(track: RemoteTrack, media: MediaStreamTrack): void {
    this.#arrivals.show(track, media, this.#deps.nowMs());
  }

  #note(connection: Room['connection']): void {
    const reason = 'reason' in connection ? connection.reason : undefined;
    const error = connection.state === 'closed' ? connection.error?.message : undefined;
    const cause = [reason, error].filter(Boolean).join(': ') || undefined;
    this.#connectionLog.push({ state: connection.state, cause, atMs: this.#deps.nowMs() });
  }

  #spurious(event: string, identity: string): void {
    if (identity.startsWith(PROBE) || this.#expectedAbsent.has(identity))
      return this.#arrivals.forget(identity);
    this.#spuriousEvents.push({ event, identity, atMs: this.#deps.nowMs() });
  }

  #joined(): Room {
    if (!this.#room) throw new Error('not joined yet');
    return this.#room;
  }
}
