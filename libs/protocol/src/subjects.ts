import { SkeinError } from './errors.ts';
import { isWellFormedText } from './fields.ts';
import type { NodeId, RoomName, SessionId } from './fields.ts';

// NATS splits subjects at dots and gives * and > a meaning, so that free text such as a room's name has to be encoded.
function token(text: string): string {
  if (!isWellFormedText(text)) throw SkeinError.invalidArgument('subject', 'must be well-formed Unicode');
  return /^[\w-]+$/.test(text) ? text : `~${Array.from(new TextEncoder().encode(text), hex).join('')}`;
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

/** NATS subjects. */
export const subjects = {
  /**
   * Requests for sessions on a node. `instance`: of its record, so that of two processes with one id the one with the
   * lease is asked; without it, whichever serves the id.
   */
  nodeSession: (nodeId: NodeId, instance?: string): string =>
    instance === undefined
      ? `skein.node.${token(nodeId)}.session`
      : `skein.node.${token(nodeId)}.session.${token(instance)}`,
  /** A node's sign of life and load, four times a second: for control, and for gateways while there are few nodes. */
  nodeBeat: (nodeId: NodeId): string => `skein.node.${token(nodeId)}.beat`,
  /** The record of a beat, when it is another start's or another state's than before: for the other nodes and gateways. */
  nodeState: (nodeId: NodeId): string => `skein.node.${token(nodeId)}.state`,
  /** Asked when a node's beats have stopped; any answer is a sign of life. */
  nodePing: (nodeId: NodeId): string => `skein.node.${token(nodeId)}.ping`,
  nodeDead: (nodeId: NodeId): string => `skein.node.${token(nodeId)}.dead`,
  /** Control asks all nodes whether they hear one that it suspects; those that have a pipe to it answer the asker. */
  witnessQuestion: 'skein.witness.question',
  witnessAnswer: (askerId: string): string => `skein.witness.answer.${token(askerId)}`,
  anyNodeDead: 'skein.node.*.dead',
  anyNodeBeat: 'skein.node.*.beat',
  anyNodeState: 'skein.node.*.state',
  /** Events for one session, to whichever gateway holds its client. */
  session: (sessionId: SessionId): string => `skein.session.${token(sessionId)}`,
  /** A room's changes with their versions. */
  room: (room: RoomName): string => `skein.room.${token(room)}`,
} as const;
