import type { LeaderAct } from '@skein/cluster';
import type { RoomSnapshot } from '@skein/protocol';
import type { PersonView } from './person-report.ts';

/** What the observer saw at one moment, from all sides. */
export interface Observation {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** People who are in the call and have not left it. */
  readonly expected: readonly string[];
  /** `unknown`: the store did not answer. */
  readonly room: RoomSnapshot | 'gone' | 'unknown';
  /** What controls did that only the one that leads may do, as the store has seen it, in order; all since the start. */
  readonly acts: readonly LeaderAct[];
  /** Nodes that run, by id; `silent` when one did not answer. */
  readonly nodes: ReadonlyMap<string, NodeMedia | 'silent'>;
  /** Pages that answered. */
  readonly people: readonly PersonView[];
}

/** What a node holds of the room, from its own memory. */
export interface NodeMedia {
  readonly sessions: readonly HeldSession[];
  readonly pipes: readonly HeldPipe[];
}

export interface HeldSession {
  readonly sessionId: string;
  readonly identity: string;
  readonly epoch: number;
  /** Track ids; `ID@EPOCH` is an earlier epoch of a track that is moving. */
  readonly tracks: readonly string[];
  /** Ids of tracks that are received, as above. */
  readonly subscriptions: readonly string[];
}

export interface HeldPipe {
  /** Both routers and the peer, for telling pipes apart. */
  readonly id: string;
  readonly tracksIn: readonly string[];
  readonly tracksOut: readonly string[];
}
