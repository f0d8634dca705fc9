import type { MediaSource, PipeEndpoint, RouterSlot } from '../../media/engine.ts';
import type { MediaKey, TrackEpoch } from '../../media/media-key.ts';
import type { PipeDemand, RouterAt } from './pipe-model.ts';

/** One room on this node, as its pipes use it. */
export interface PipeRoom {
  readonly name: string;
  /** Whether participants of the room have sessions here: without any, idle pipes close at once. */
  readonly hasSessions: boolean;
  /** The router through which tracks of other nodes enter, once the room has one here. */
  readonly hub: string | undefined;
  readonly demand: PipeDemand;
  /** Nodes that host participants of the room. */
  readonly nodeIds: ReadonlySet<string>;
  /** Creates one end of a pipe at a router. Fails `PIPE_FAILED` when the router is gone. */
  createPipeEnd(routerId: string, options: { readonly secure: boolean }): Promise<PipeEndpoint>;
  /** The track as it is at the router now. */
  sourceAt(routerId: string, media: MediaKey): MediaSource | undefined;
  /** The track has arrived at the router. */
  addSource(routerId: string, media: MediaKey, source: MediaSource): void;
  /** The track once it is at the router. Fails `PIPE_FAILED` after `deadlineMs`, or with the signal's reason. */
  waitForSource(
    routerId: string,
    media: MediaKey,
    deadlineMs: number,
    signal: AbortSignal,
  ): Promise<MediaSource>;
  /**
   * Keeps a router of the room alive, on a worker with capacity for that many transports. Fails `UNAVAILABLE` when no
   * worker runs.
   */
  takeRouterSlot(options: { readonly transports: number }): Promise<RouterSlot>;
  /** Holds the demand for a track that is relayed to another node; the pipes follow. */
  holdRelayDemand(track: TrackEpoch & RouterAt, intoRouterId: string): Disposable;
}
