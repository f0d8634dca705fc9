import { isDeepStrictEqual } from 'node:util';
import {
  limits,
  SkeinError,
  type RtpParameters,
  type SessionRef,
  type SessionRequest,
  type Track,
} from '@skein/protocol';
import { SingleFlight } from '@skein/runtime';
import type { ClientTransport, MediaSource } from '../media/engine.ts';
import { mediaKey } from '../media/media-key.ts';
import { SessionError } from './session-errors.ts';
import type { SessionRoom } from './session-room.ts';
import { checkCodecKinds, checkKind, checkStreamsUnused, shareStreams } from './track-rules.ts';

/**
 * How long replaced streams are forwarded while receivers switch to the new ones. Longer than a client keeps sending
 * them, so that it never sends streams that nobody receives.
 */
export const REPLACED_STREAMS_MS = 4000;

interface Publication {
  request: SessionRequest<'publish'>;
  /** Set with the engine's answer; the track is announced right after. */
  source: MediaSource | undefined;
  /** Its previous streams, until all receivers have switched. */
  readonly replaced: Set<ReplacedStreams>;
  /** As last requested. */
  wantsMuted: boolean;
}

interface ReplacedStreams extends Disposable {
  readonly rtpParameters: RtpParameters;
}

export interface PublicationsDeps {
  readonly session: SessionRef;
  readonly room: SessionRoom;
  readonly routerId: string;
  /** Absent: the session has no transport that sends. */
  readonly transport: ClientTransport | undefined;
  /** Aborted when the session ends. */
  readonly signal: AbortSignal;
}

/** The tracks that one session publishes. */
export class Publications {
  readonly #deps: PublicationsDeps;
  readonly #tracks = new Map<string, Publication>();
  /** The last request about each track. They run one after another, so that none acts on what another one changes. */
  readonly #queues = new Map<string, Promise<unknown>>();
  readonly #muting = new SingleFlight<string, void>();

  constructor(deps: PublicationsDeps) {
    this.#deps = deps;
  }

  get trackIds(): readonly string[] {
    return [...this.#tracks.keys()];
  }

  /** As the room's state should show them. */
  get tracks(): readonly Track[] {
    return [...this.#tracks.values()].flatMap(({ request, source }) =>
      source ? [this.#describe(request, source)] : [],
    );
  }

  get sources(): readonly MediaSource[] {
    return [...this.#tracks.values()].flatMap(({ source }) => (source ? [source] : []));
  }

  /**
   * Idempotent, also while the first request runs. Other RTP parameters replace the previous ones: a client that lost the
   * first answer sends new streams, and so does one whose capture has changed.
   */
  publish(request: SessionRequest<'publish'>): Promise<{ trackId: string }> {
    const { trackId } = request;
    return this.#enqueue(trackId, async () => {
      const present = this.#tracks.get(trackId);
      if (!present?.source) await this.#publish(request);
      else if (!isDeepStrictEqual(present.request.rtpParameters, request.rtpParameters))
        await this.#replace(present, present.source, request);
      return { trackId };
    });
  }

  unpublish(trackId: string): Promise<void> {
    return this.#enqueue(trackId, async () => {
      if (!this.#tracks.has(trackId) && !this.#isInTransit(trackId)) return;
      this.#forget(trackId);
      await this.#announceGone(trackId, 'unpublished');
    });
  }

  /**
   * The media first, because muting must not wait for a store. Of several concurrent requests the last one wins: the
   * engine gets one at a time, and the room's state follows the source.
   */
  async setMuted(trackId: string, muted: boolean): Promise<void> {
    const { session, room, signal } = this.#deps;
    const publication = this.#tracks.get(trackId);
    const source = publication?.source;
    if (!publication || !source) throw SessionError.trackNotFound(trackId);
    if (muted) for (const replaced of publication.replaced) replaced[Symbol.dispose]();
    publication.wantsMuted = muted;
    if (source.muted === muted && room.view.state?.tracks.get(trackId)?.muted === muted) return;
    while (!source.closed && source.muted !== publication.wantsMuted)
      await this.#muting.run(trackId, () => source.setMuted(publication.wantsMuted));
    signal.throwIfAborted();
    await room.announce.muted(session, trackId, source);
  }

  /** Unpublishes the tracks that the participant published before it moved here and has not published again. */
  dropLeftBehind(): void {
    const { room, session } = this.#deps;
    for (const trackId of room.view.state?.tracks.keys() ?? []) {
      if (!this.#isInTransit(trackId)) continue;
      room.log.info(
        { event: 'track.left-behind', room: room.name, participant: session.identity, trackId },
        'a track was not published again after a move',
      );
      const isGone = (): boolean => this.#isInTransit(trackId);
      void room.announce.unpublished(session, trackId, 'not-moved', isGone);
    }
  }

  /** Applies the participant's mute on another node to the copy that this earlier session still sends. */
  async followMuted(trackId: string, muted: boolean): Promise<void> {
    const publication = this.#tracks.get(trackId);
    const source = publication?.source;
    if (!publication || !source || source.closed || source.muted === muted) return;
    publication.wantsMuted = muted;
    await source.setMuted(muted);
  }

  close(): void {
    for (const trackId of this.trackIds) this.#forget(trackId);
  }

  async #publish(request: SessionRequest<'publish'>): Promise<void> {
    const { session, room, signal } = this.#deps;
    const { trackId } = request;
    this.#check(request);
    // Added before anything is awaited, so that the checks of a concurrent request see it.
    const publication: Publication = {
      ...{ request, source: undefined, replaced: new Set<ReplacedStreams>() },
      wantsMuted: request.muted,
    };
    this.#tracks.set(trackId, publication);
    try {
      publication.source = await this.#receive(request);
      this.#add(trackId, publication.source);
      await room.announce.published(session, this.#describe(request, publication.source));
      signal.throwIfAborted();
    } catch (error) {
      publication.source?.close();
      if (this.#tracks.get(trackId) === publication) this.#forget(trackId);
      // A store that did not answer in time may still have written the announcement.
      if (publication.source && !signal.aborted) void this.#announceGone(trackId, 'could not be announced');
      throw error;
    }
  }

  #check({ trackId, kind, source, rtpParameters }: SessionRequest<'publish'>): void {
    const { session, room } = this.#deps;
    checkKind(kind, source);
    if (this.#tracks.size >= limits.tracksPerParticipant) throw SessionError.tooManyTracks();
    const holder = room.view.state?.tracks.get(trackId)?.identity;
    if (holder !== undefined && holder !== session.identity) {
      throw SkeinError.invalidArgument('data.trackId', 'is the id of another participant’s track');
    }
    checkCodecKinds(kind, rtpParameters);
    checkStreamsUnused(rtpParameters, this.#streamsExcept(undefined));
  }

  /** Make before break: subscribers and pipes switch to the new streams while the old ones still flow. */
  async #replace(
    publication: Publication,
    earlier: MediaSource,
    request: SessionRequest<'publish'>,
  ): Promise<void> {
    const { session, room, signal } = this.#deps;
    const { trackId, rtpParameters } = request;
    this.#checkReplacement(publication.request, request);
    for (const replaced of publication.replaced)
      if (shareStreams(replaced.rtpParameters, rtpParameters)) replaced[Symbol.dispose]();
    // The engine accepts each stream once.
    if (shareStreams(publication.request.rtpParameters, rtpParameters)) earlier.close();
    // `muted` counts if it differs from the previous request; else the room's state does, which may have changed since.
    const muteChanged = request.muted !== publication.request.muted;
    const muted = muteChanged ? request.muted : earlier.muted;
    let source: MediaSource | undefined;
    try {
      source = await this.#receive({ ...request, muted });
      await room.announce.published(session, this.#describe(request, source));
      signal.throwIfAborted();
    } catch (error) {
      source?.close();
      // Nothing of the track is left.
      if (earlier.closed && !signal.aborted) {
        this.#forget(trackId);
        void this.#announceGone(trackId, 'could not be replaced');
      }
      throw error;
    }
    const streams = publication.request.rtpParameters;
    publication.request = request;
    publication.source = source;
    if (muteChanged) publication.wantsMuted = muted;
    this.#add(trackId, source);
    this.#retire(publication, earlier, streams, source);
    // Muted or unmuted while the new streams were made.
    if (source.muted !== publication.wantsMuted) await source.setMuted(publication.wantsMuted);
  }

  #retire(
    publication: Publication,
    earlier: MediaSource,
    rtpParameters: RtpParameters,
    by: MediaSource,
  ): void {
    const timer = this.#deps.room.clock.after(REPLACED_STREAMS_MS, () => replaced[Symbol.dispose]());
    const replaced: ReplacedStreams = {
      rtpParameters,
      [Symbol.dispose]: () => {
        publication.replaced.delete(replaced);
        timer[Symbol.dispose]();
        earlier.close();
      },
    };
    publication.replaced.add(replaced);
    earlier.events.emit('replaced', { by });
  }

  #checkReplacement(
    before: SessionRequest<'publish'>,
    { trackId, kind, source, rtpParameters }: SessionRequest<'publish'>,
  ): void {
    checkKind(kind, source);
    if (kind !== before.kind)
      throw SkeinError.invalidArgument('data.kind', `is ${before.kind} for this track`);
    if (source !== before.source)
      throw SkeinError.invalidArgument('data.source', `is ${before.source} for this track`);
    checkCodecKinds(kind, rtpParameters);
    checkStreamsUnused(rtpParameters, this.#streamsExcept(trackId));
  }

  #streamsExcept(trackId: string | undefined): readonly RtpParameters[] {
    return [...this.#tracks].flatMap(([other, { request, replaced }]) =>
      other === trackId ? [] : [request.rtpParameters, ...[...replaced].map((one) => one.rtpParameters)],
    );
  }

  async #receive({
    kind,
    source: of,
    rtpParameters,
    muted,
  }: SessionRequest<'publish'>): Promise<MediaSource> {
    const { transport, signal } = this.#deps;
    if (!transport) throw SessionError.noTransport('send');
    const restsWhenStill = of === 'screen';
    const source = await transport.receive({ kind, rtpParameters, muted, restsWhenStill });
    if (signal.aborted) source.close();
    signal.throwIfAborted();
    return source;
  }

  #add(trackId: string, source: MediaSource): void {
    const { session, room, routerId } = this.#deps;
    room.media.addSource(routerId, mediaKey({ trackId, epoch: session.epoch }), source);
  }

  /** Runs `task` after the previous request about the same track, whatever its outcome. */
  #enqueue<Result>(trackId: string, task: () => Promise<Result>): Promise<Result> {
    const run = (): Promise<Result> => {
      this.#deps.signal.throwIfAborted();
      return task();
    };
    const queued = (this.#queues.get(trackId) ?? Promise.resolve()).then(run, run);
    this.#queues.set(trackId, queued);
    // The request itself reports its failure.
    void queued
      .catch(() => undefined)
      .then(() => this.#queues.get(trackId) === queued && this.#queues.delete(trackId));
    return queued;
  }

  #describe(request: SessionRequest<'publish'>, source: MediaSource): Track {
    const { session, room, routerId } = this.#deps;
    const { trackId, kind, name } = request;
    return {
      trackId,
      identity: session.identity,
      epoch: session.epoch,
      nodeId: room.nodeId,
      routerId,
      kind,
      source: request.source,
      ...(name !== undefined && { name }),
      muted: source.muted,
      mimeType: source.mimeType,
      spatialLayers: source.layers.spatial,
      temporalLayers: source.layers.temporal,
    };
  }

  /** The room's state still shows it as published by an earlier session of this participant. */
  #isInTransit(trackId: string): boolean {
    const { session, room } = this.#deps;
    const shown = room.view.state?.tracks.get(trackId);
    return shown?.identity === session.identity && shown.epoch < session.epoch && !this.#tracks.has(trackId);
  }

  #announceGone(trackId: string, reason: string): Promise<void> {
    const { session, room } = this.#deps;
    return room.announce.unpublished(session, trackId, reason, () => !this.#tracks.has(trackId));
  }

  #forget(trackId: string): void {
    const publication = this.#tracks.get(trackId);
    publication?.source?.close();
    for (const replaced of publication?.replaced ?? []) replaced[Symbol.dispose]();
    this.#tracks.delete(trackId);
  }
}
