import type { AuditEntry } from '@skein/cluster';
import type { RoomSnapshot } from '@skein/protocol';
import type { ClientView } from '../clients/client-report.ts';

/** What the observer saw at one moment, from all sides. */
export interface Observation {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** People who are in the call and have not left it, in any of the rooms that are watched. */
  readonly expected: readonly string[];
  /** All rooms that are watched, as one. `unknown`: the store did not answer; `gone`: it has none of them. */
  readonly room: RoomSnapshot | 'gone' | 'unknown';
  /** The leader audit log of the store since the start, in order. */
  readonly acts: readonly AuditEntry[];
  /** Nodes that run, by id; `silent` when one did not answer. */
  readonly nodes: ReadonlyMap<string, NodeMedia | 'silent'>;
  /** Clients that answered. */
  readonly clients: readonly ClientView[];
  /** How many clients did not answer. */
  readonly silentClients: number;
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

/** Whether everybody answered who was asked, so that nothing may be wrong unseen. */
export function isWhole({ room, nodes, silentClients }: Observation): boolean {
  return room !== 'unknown' && ![...nodes.values()].includes('silent') && silentClients === 0;
}

/** Several rooms that share nobody, as if they were one. */
export function asOneRoom(rooms: readonly Observation['room'][]): Observation['room'] {
  if (rooms.includes('unknown')) return 'unknown';
  const [first, ...more] = rooms.filter((room) => typeof room !== 'string');
  if (!first) return 'gone';
  return {
    ...first,
    participants: [first, ...more].flatMap(({ participants }) => participants),
    tracks: [first, ...more].flatMap(({ tracks }) => tracks),
  };
}

/** What one node holds of several rooms. */
export function asOneMedia(parts: readonly (NodeMedia | 'silent')[]): NodeMedia | 'silent' {
  const answers = parts.filter((part) => part !== 'silent');
  if (answers.length < parts.length) return 'silent';
  return {
    sessions: answers.flatMap(({ sessions }) => sessions),
    pipes: answers.flatMap(({ pipes }) => pipes),
  };
}
