import type { Layers, Role, TrackSource } from '@skein/protocol';
import type { Emitter } from '@skein/runtime';
import type { PeerErrorCode } from '../engine/errors.ts';
import type { ClipOptions } from '../engine/native-track.ts';

/** One track that a peer publishes, made from a clip. */
export interface TrackPlan extends ClipOptions {
  readonly source: TrackSource;
}

/** The plan of one peer. Plain data: it is sent to the process that holds the peer. */
export interface PeerPlan {
  /** Unique among all peers of a run. */
  readonly peerId: string;
  /** Address of a gateway, as people write it: `http(s)://HOST` or `ws(s)://HOST/v1/signal`. */
  readonly url: string;
  /** Other gateways of the cluster, for when that one goes away. Default none. */
  readonly otherUrls?: readonly string[];
  readonly room: string;
  /** Default: `peerId`. */
  readonly identity?: string;
  readonly name?: string;
  readonly metadata?: string;
  /** Sent as `token` along with the join, for clusters that ask for one. */
  readonly token?: string;
  readonly region?: string;
  readonly nodeId?: string;
  /** Receive every track of the room, now and later. Default true. */
  readonly subscribe?: boolean;
  /** Default `participant`. */
  readonly role?: Role;
  /** Asked for each video subscription; default: what the server chooses. */
  readonly preferredLayers?: Layers;
  /** Published once joined. Default none. */
  readonly publish?: readonly TrackPlan[];
  /** Without media: the socket and the session, but no transports are connected. Default false. */
  readonly signalingOnly?: boolean;
  /**
   * How long a transport waits, ms, before ICE begins. Browsers on a network need some 100 ms for what takes this peer 5.
   * Default 0.
   */
  readonly connectDelayMs?: number;
  /** The time for everything until the answer to `join`, ms. Default 15 000. */
  readonly joinDeadlineMs?: number;
  /** How long a join that was refused for now is tried again, ms, within its deadline. Default 0: not at all. */
  readonly joinRetryMs?: number;
}

/** A join that was answered. */
export interface Joined {
  readonly peerId: string;
  readonly sessionId: string;
  readonly nodeId: string;
  /** Socket being opened -> answer. */
  readonly joinMs: number;
  /** Request sent -> answer. */
  readonly answerMs: number;
  /** Tracks of the room at that moment. */
  readonly tracks: number;
}

/** Something that happened to a peer that joined. */
export type PeerEvent =
  /** A transport is up: ICE and DTLS done. */
  | {
      readonly type: 'connected';
      readonly peerId: string;
      readonly direction: 'send' | 'recv';
      readonly afterMs: number;
    }
  | { readonly type: 'firstPacket'; readonly peerId: string; readonly afterMs: number }
  | { readonly type: 'firstKeyFrame'; readonly peerId: string; readonly afterMs: number }
  /** The session moved to another node. */
  | { readonly type: 'moved'; readonly peerId: string; readonly nodeId: string }
  /** Something failed, and the peer is still there. */
  | {
      readonly type: 'trouble';
      readonly peerId: string;
      readonly code: PeerErrorCode;
      readonly message: string;
    }
  /** It is over without having been asked to leave. */
  | {
      readonly type: 'lost';
      readonly peerId: string;
      readonly code: PeerErrorCode;
      readonly message: string;
    };

export interface PeerEvents {
  event: PeerEvent;
}

/** A participant as a WebRTC client, without a browser. Made by `createPeer`, which gives its clock, clips and wires. */
export interface Peer {
  readonly plan: PeerPlan;
  readonly events: Emitter<PeerEvents>;
  /** Once. Rejects with a `PeerError`; then nothing of it is left. */
  join(signal?: AbortSignal): Promise<Joined>;
  /** More tracks. Resolves when the server has them all. */
  publish(tracks: readonly TrackPlan[]): Promise<void>;
  /** Takes back all its tracks of these sources. */
  unpublish(sources: readonly TrackSource[]): Promise<void>;
  /** For all video subscriptions, present and coming. */
  preferLayers(layers: Layers): Promise<void>;
  /** Leaves in good order, within 2 s; never rejects. Safe to repeat. */
  leave(): Promise<void>;
  /** Ends as by a power cut: neither `leave` nor a closed socket is sent on purpose, media stops at once. */
  vanish(): void;
}
