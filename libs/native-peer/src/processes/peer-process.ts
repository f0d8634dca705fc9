import type { Layers, TrackSource } from '@skein/protocol';
import type { Emitter } from '@skein/runtime';
import type { PeerReport } from '../measures/peer-measures.ts';
import type { Joined, PeerEvent, PeerPlan, TrackPlan } from '../peers/peer.ts';

export interface PeerProcessEvents {
  event: PeerEvent;
  /** Every second: what its peers measured since the last report. */
  report: PeerReport;
  /** It ended without being asked to; its peers are gone, and what waits for them fails with `PROCESS_DIED`. */
  died: { readonly pid: number; readonly reason: string };
}

/**
 * A child process that holds many peers. Calls reject with a `PeerError`; `PROCESS_DIED` once it has ended. Start with
 * `startPeerProcess(options)` of `adapters/peer-child.ts`.
 */
export interface PeerProcess extends AsyncDisposable {
  readonly pid: number;
  readonly events: Emitter<PeerProcessEvents>;
  join(plan: PeerPlan): Promise<Joined>;
  publish(peerId: string, tracks: readonly TrackPlan[]): Promise<void>;
  unpublish(peerId: string, sources: readonly TrackSource[]): Promise<void>;
  preferLayers(peerId: string, layers: Layers): Promise<void>;
  /** Never fails for a peer that is gone already. */
  leave(peerId: string): Promise<void>;
  vanish(peerId: string): Promise<void>;
  /** All its peers send nothing until they are let go again; the room sees no change. For measuring two sides in turn. */
  hold(held: boolean): Promise<void>;
  /** What was measured since the last report, at once. */
  report(): Promise<PeerReport>;
  /** All peers leave, the process ends. Within 5 s; then it is killed. Safe to repeat. */
  stop(): Promise<void>;
}

export interface PeerProcessOptions {
  /** For everything that the process chooses by chance (SSRCs, where in a clip a track begins). */
  readonly seed: number;
}

/** Starts a process and waits until it takes commands. Rejects with a line for people when it does not start. */
export type StartPeerProcess = (options: PeerProcessOptions) => Promise<PeerProcess>;
