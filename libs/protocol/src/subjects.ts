import { SkeinError } from './errors.ts';
import { isWellFormedText, type NodeId, type RoomName, type SessionId } from './fields.ts';

// NATS splits subjects at dots and reserves * and >: free text such as a room's name must be encoded.
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
   * Requests for sessions on a node. `instance`, from the node's record, selects the process that holds the lease when two
   * run with the same id; without it, any process with that id answers.
   */
  nodeSession: (nodeId: NodeId, instance?: string): string =>
    instance === undefined
      ? `skein.node.${token(nodeId)}.session`
      : `skein.node.${token(nodeId)}.session.${token(instance)}`,
  /** A node's heartbeat with its load, four times a second: for control, and for gateways while nodes are few. */
  nodeBeat: (nodeId: NodeId): string => `skein.node.${token(nodeId)}.beat`,
  /** The record of a heartbeat that shows another start or another state than the one before: for nodes and gateways. */
  nodeState: (nodeId: NodeId): string => `skein.node.${token(nodeId)}.state`,
  /** Probes a node whose heartbeats have stopped; any answer proves it alive. */
  nodePing: (nodeId: NodeId): string => `skein.node.${token(nodeId)}.ping`,
  /** A node was declared dead; see `nodeDeath`. */
  nodeDead: (nodeId: NodeId): string => `skein.node.${token(nodeId)}.dead`,
  /** Control asks all nodes whether they hear a suspect; the nodes with a pipe to it answer. */
  witnessQuestion: 'skein.witness.question',
  witnessAnswer: (askerId: string): string => `skein.witness.answer.${token(askerId)}`,
  anyNodeDead: 'skein.node.*.dead',
  anyNodeBeat: 'skein.node.*.beat',
  anyNodeState: 'skein.node.*.state',
  /** Events of one session, for the gateway of its client. */
  session: (sessionId: SessionId): string => `skein.session.${token(sessionId)}`,
  /** A room's changes with their versions. */
  room: (room: RoomName): string => `skein.room.${token(room)}`,
} as const;
