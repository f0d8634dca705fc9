import type { Layers, TrackSource } from '@skein/protocol';
import type { PeerReport } from '../measures/peer-measures.ts';
import type { Joined, PeerEvent, PeerPlan, TrackPlan } from '../peers/peer.ts';

/** What the parent asks of a process that holds peers, and what it is answered. */
export interface PeerCommands {
  join: { readonly request: PeerPlan; readonly response: Joined };
  publish: {
    readonly request: { readonly peerId: string; readonly tracks: readonly TrackPlan[] };
    readonly response: null;
  };
  unpublish: {
    readonly request: { readonly peerId: string; readonly sources: readonly TrackSource[] };
    readonly response: null;
  };
  preferLayers: {
    readonly request: { readonly peerId: string; readonly layers: Layers };
    readonly response: null;
  };
  leave: { readonly request: { readonly peerId: string }; readonly response: null };
  vanish: { readonly request: { readonly peerId: string }; readonly response: null };
  /** Publishers send nothing until they are let go again; the room sees no change. */
  hold: { readonly request: { readonly held: boolean }; readonly response: null };
  /** A report now, of what was measured since the last one. */
  report: { readonly request: null; readonly response: PeerReport };
}

export type PeerCommand = keyof PeerCommands;

/** Parent -> process. */
export interface CommandMessage<Command extends PeerCommand = PeerCommand> {
  readonly id: number;
  readonly command: Command;
  readonly request: PeerCommands[Command]['request'];
}

/** Process -> parent. */
export type ProcessMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'answer'; readonly id: number; readonly response: unknown }
  | { readonly type: 'failure'; readonly id: number; readonly code: string; readonly message: string }
  | { readonly type: 'event'; readonly event: PeerEvent }
  /** Every second, while it has peers. */
  | { readonly type: 'report'; readonly report: PeerReport };
