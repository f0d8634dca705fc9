import { limits, SkeinError, type SessionRequest, type Track } from '@skein/protocol';
import { SingleFlight } from '@skein/runtime';
import type { ClientTransport, MediaSource } from '../media/engine.ts';
import { mediaKey } from '../media/media-key.ts';
import { SessionError } from './errors.ts';
import type { SessionName, SessionRoom } from './session-room.ts';
import { checkCodecKinds, checkKind, checkStreamsUnused } from './track-rules.ts';

interface Publication {
  readonly request: SessionRequest<'publish'>;
  /** Comes with the engine's answer; the track is announced right after. */
  source: MediaSource | undefined;
}

export interface PublicationsParts {
  readonly session: SessionName;
  readonly room: SessionRoom;
  readonly routerId: string;
  readonly transport: ClientTransport;
  /** Aborted when the session ends. */
  readonly signal: AbortSignal;
}

/** The tracks that one session publishes. */
export class Publications {
  readonly #parts: PublicationsParts;
  readonly #tracks = new Map<string, Publication>();
  readonly #publishing = new SingleFlight<string, { trackId: string }>();

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

  /** Repeating it answers the same, also while the first is under way. */
  publish(request: SessionRequest<'publish'>): Promise<{ trackId: string }> {
    return this.#publishing.run(request.trackId, async () => {
      if (!this.#tracks.has(request.trackId)) await this.#publish(request);
      return { trackId: request.trackId };
    });
  }

  async unpublish(trackId: string): Promise<void> {
    if (!this.#tracks.has(trackId) && !this.#isInTransit(trackId)) return;
    this.#forget(trackId);
    await this.#announceGone(trackId, 'unpublished');
  }

  /** The media first, because muting must not wait for a store. */
  async setMuted(trackId: string, muted: boolean): Promise<void> {
    const { session, room, signal } = this.#parts;
    const source = this.#tracks.get(trackId)?.source;
    if (!source) throw SessionError.trackNotFound(trackId);
    if (source.muted === muted && room.state?.tracks.get(trackId)?.muted === muted) return;
    await source.setMuted(muted);
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
    const source = this.#tracks.get(trackId)?.source;
    if (source && !source.closed && source.muted !== muted) await source.setMuted(muted);
  }

  close(): void {
    for (const trackId of this.trackIds) this.#forget(trackId);
  }

  async #publish(request: SessionRequest<'publish'>): Promise<void> {
    const { session, room, signal } = this.#parts;
    const { trackId } = request;
    this.#check(request);
    // Held from here on, so that the checks of a request that runs at the same time see it.
    const publication: Publication = { request, source: undefined };
    this.#tracks.set(trackId, publication);
    try {
      publication.source = await this.#receive(request);
      signal.throwIfAborted();
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
    checkStreamsUnused(
      rtpParameters,
      [...this.#tracks.values()].map((other) => other.request.rtpParameters),
    );
  }

  async #receive({ trackId, kind, rtpParameters, muted }: SessionRequest<'publish'>): Promise<MediaSource> {
    const { session, room, routerId, transport, signal } = this.#parts;
    const source = await transport.receive({ kind, rtpParameters, muted });
    if (signal.aborted) source.close();
    else room.addSource(routerId, mediaKey({ trackId, epoch: session.epoch }), source);
    return source;
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
    this.#tracks.get(trackId)?.source?.close();
    this.#tracks.delete(trackId);
  }
}
