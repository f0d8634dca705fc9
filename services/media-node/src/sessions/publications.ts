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
 * How long replaced streams are forwarded: receivers go over to the new ones meanwhile. Longer than a client goes on sending
 * them, so that it never sends what nobody takes.
 */
export const REPLACED_STREAMS_MS = 4000;

interface Publication {
  request: SessionRequest<'publish'>;
  /** Comes with the engine's answer; the track is announced right after. */
  source: MediaSource | undefined;
  /** What it was published with before, until everyone has gone over. */
  readonly replaced: Set<ReplacedStreams>;
  /** The last wish of mute and unmute. */
  wishedMuted: boolean;
}

interface ReplacedStreams extends Disposable {
  readonly rtpParameters: RtpParameters;
}

export interface PublicationsParts {
  readonly session: SessionRef;
  readonly room: SessionRoom;
  readonly routerId: string;
  /** Absent: the session was opened without one that sends. */
  readonly transport: ClientTransport | undefined;
  /** Aborted when the session ends. */
  readonly signal: AbortSignal;
}

/** The tracks that one session publishes. */
export class Publications {
  readonly #parts: PublicationsParts;
  readonly #tracks = new Map<string, Publication>();
  /** The last request about each track: they run one after the other, so that none acts on what another one is changing. */
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #muting = new SingleFlight<string, void>();

  constructor(parts: PublicationsParts) {
    this.#parts = parts;
  }

  get trackIds(): readonly string[] {
    return [...this.#tracks.keys()];
  }

  /** As the room's state is to show them. */
  get tracks(): readonly Track[] {
    return [...this.#tracks.values()].flatMap(({ request, source }) =>
      source ? [this.#describe(request, source)] : [],
    );
  }

  get sources(): readonly MediaSource[] {
    return [...this.#tracks.values()].flatMap(({ source }) => (source ? [source] : []));
  }

  /**
   * Repeating it answers the same, also while the first is under way. With other RTP parameters, those replace the ones
   * before: a client that lost the first answer sends new streams, and so does one whose capture has changed.
   */
  publish(request: SessionRequest<'publish'>): Promise<{ trackId: string }> {
    const { trackId } = request;
    return this.#inTurn(trackId, async () => {
      const present = this.#tracks.get(trackId);
      if (!present?.source) await this.#publish(request);
      else if (!isDeepStrictEqual(present.request.rtpParameters, request.rtpParameters))
        await this.#replace(present, present.source, request);
      return { trackId };
    });
  }

  unpublish(trackId: string): Promise<void> {
    return this.#inTurn(trackId, async () => {
      if (!this.#tracks.has(trackId) && !this.#isInTransit(trackId)) return;
      this.#forget(trackId);
      await this.#announceGone(trackId, 'unpublished');
    });
  }

  /**
   * The media first, because muting must not wait for a store. Of several at once the last wish is what comes of it: the
   * engine is asked for one at a time, and the room's state follows the source.
   */
  async setMuted(trackId: string, muted: boolean): Promise<void> {
    const { session, room, signal } = this.#parts;
    const publication = this.#tracks.get(trackId);
    const source = publication?.source;
    if (!publication || !source) throw SessionError.trackNotFound(trackId);
    if (muted) for (const replaced of publication.replaced) replaced[Symbol.dispose]();
    publication.wishedMuted = muted;
    if (source.muted === muted && room.state?.tracks.get(trackId)?.muted === muted) return;
    while (!source.closed && source.muted !== publication.wishedMuted)
      await this.#muting.run(trackId, () => source.setMuted(publication.wishedMuted));
    signal.throwIfAborted();
    await room.announce.muted(session, trackId, source);
  }

  /** Takes away what the participant published before it moved here and has not published again. */
  dropLeftBehind(): void {
    const { room, session } = this.#parts;
    for (const trackId of room.state?.tracks.keys() ?? []) {
      if (!this.#isInTransit(trackId)) continue;
      room.log.info(
        { room: room.name, participant: session.identity, trackId },
        'a track did not come along',
      );
      const isGone = (): boolean => this.#isInTransit(trackId);
      void room.announce.unpublished(session, trackId, 'not-moved', isGone);
    }
  }

  /** Mutes what an earlier session still sends as its participant has it now, from elsewhere. */
  async followMuted(trackId: string, muted: boolean): Promise<void> {
    const publication = this.#tracks.get(trackId);
    const source = publication?.source;
    if (!publication || !source || source.closed || source.muted === muted) return;
    publication.wishedMuted = muted;
    await source.setMuted(muted);
  }

  close(): void {
    for (const trackId of this.trackIds) this.#forget(trackId);
  }

  async #publish(request: SessionRequest<'publish'>): Promise<void> {
    const { session, room, signal } = this.#parts;
    const { trackId } = request;
    this.#check(request);
    // Held from here on, so that the checks of a request that runs at the same time see it.
    const publication: Publication = {
      ...{ request, source: undefined, replaced: new Set<ReplacedStreams>() },
      wishedMuted: request.muted,
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
      // A store that did not answer in time may still have taken the announcement.
      if (publication.source && !signal.aborted) void this.#announceGone(trackId, 'could not be announced');
      throw error;
    }
  }

  #check({ trackId, kind, source, rtpParameters }: SessionRequest<'publish'>): void {
    const { session, room } = this.#parts;
    checkKind(kind, source);
    if (this.#tracks.size >= limits.tracksPerParticipant) throw SessionError.tooManyTracks();
    const holder = room.state?.tracks.get(trackId)?.identity;
    if (holder !== undefined && holder !== session.identity) {
      throw SkeinError.invalidArgument('data.trackId', 'is the id of another participant’s track');
    }
    checkCodecKinds(kind, rtpParameters);
    checkStreamsUnused(rtpParameters, this.#streamsExcept(undefined));
  }

  /** Make before break: subscribers and pipes go over to the new streams while the old ones still flow. */
  async #replace(
    publication: Publication,
    earlier: MediaSource,
    request: SessionRequest<'publish'>,
  ): Promise<void> {
    const { session, room, signal } = this.#parts;
    const { trackId, rtpParameters } = request;
    this.#checkReplacement(publication.request, request);
    for (const replaced of publication.replaced)
      if (shareStreams(replaced.rtpParameters, rtpParameters)) replaced[Symbol.dispose]();
    // The engine takes each stream once.
    if (shareStreams(publication.request.rtpParameters, rtpParameters)) earlier.close();
    // A wish that changed since the request before counts; else the room's state does, which may have changed after it.
    const wishChanged = request.muted !== publication.request.muted;
    const muted = wishChanged ? request.muted : earlier.muted;
    let source: MediaSource | undefined;
    try {
      source = await this.#receive({ ...request, muted });
      await room.announce.published(session, this.#describe(request, source));
      signal.throwIfAborted();
    } catch (error) {
      source?.close();
      // Nothing is left of it that could flow.
      if (earlier.closed && !signal.aborted) {
        this.#forget(trackId);
        void this.#announceGone(trackId, 'could not be replaced');
      }
      throw error;
    }
    const streams = publication.request.rtpParameters;
    publication.request = request;
    publication.source = source;
    if (wishChanged) publication.wishedMuted = muted;
    this.#add(trackId, source);
    this.#retire(publication, earlier, streams, source);
    // Muted or unmuted while the new streams were made.
    if (source.muted !== publication.wishedMuted) await source.setMuted(publication.wishedMuted);
  }

  #retire(
    publication: Publication,
    earlier: MediaSource,
    rtpParameters: RtpParameters,
    by: MediaSource,
  ): void {
    const timer = this.#parts.room.clock.after(REPLACED_STREAMS_MS, () => replaced[Symbol.dispose]());
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
    const { transport, signal } = this.#parts;
    if (!transport) throw SessionError.noTransport('send');
    const restsWhenStill = of === 'screen';
    const source = await transport.receive({ kind, rtpParameters, muted, restsWhenStill });
    if (signal.aborted) source.close();
    signal.throwIfAborted();
    return source;
  }

  #add(trackId: string, source: MediaSource): void {
    const { session, room, routerId } = this.#parts;
    room.addSource(routerId, mediaKey({ trackId, epoch: session.epoch }), source);
  }

  /** Runs `task` when the request before it about the same track is done, whatever came of that. */
  #inTurn<Result>(trackId: string, task: () => Promise<Result>): Promise<Result> {
    const begin = (): Promise<Result> => {
      this.#parts.signal.throwIfAborted();
      return task();
    };
    const turn = (this.#turns.get(trackId) ?? Promise.resolve()).then(begin, begin);
    this.#turns.set(trackId, turn);
    // Whoever made the request hears of its failure.
    void turn
      .catch(() => undefined)
      .then(() => this.#turns.get(trackId) === turn && this.#turns.delete(trackId));
    return turn;
  }

  #describe(request: SessionRequest<'publish'>, source: MediaSource): Track {
    const { session, room, routerId } = this.#parts;
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

  /** Shown as it was published by an earlier session of this participant. */
  #isInTransit(trackId: string): boolean {
    const { session, room } = this.#parts;
    const shown = room.state?.tracks.get(trackId);
    return shown?.identity === session.identity && shown.epoch < session.epoch && !this.#tracks.has(trackId);
  }

  #announceGone(trackId: string, reason: string): Promise<void> {
    const { session, room } = this.#parts;
    return room.announce.unpublished(session, trackId, reason, () => !this.#tracks.has(trackId));
  }

  #forget(trackId: string): void {
    const publication = this.#tracks.get(trackId);
    publication?.source?.close();
    for (const replaced of publication?.replaced ?? []) replaced[Symbol.dispose]();
    this.#tracks.delete(trackId);
  }
}
