import type {
  DrainNodeResponse,
  Node,
  NodeMoves,
  Pipe,
  Room,
  RoomParticipant,
  RoomSummary,
  RoomTrack,
} from '@skein/rpc';
import { formatTable, type Column } from '@skein/runtime';

const nodeColumns: readonly Column<Node>[] = [
  { title: 'NODE', value: (node) => node.nodeId },
  { title: 'STATE', value: (node) => node.state },
  { title: 'REGION', value: (node) => node.region },
  { title: 'GRPC', value: (node) => node.grpcAddress },
  { title: 'WORKERS', value: (node) => String(node.workers), align: 'right' },
  { title: 'SESSIONS', value: (node) => String(node.sessions), align: 'right' },
  { title: 'PACKETS/S', value: (node) => node.packetsPerSecond.toFixed(0), align: 'right' },
  { title: 'BUSIEST CPU', value: (node) => percent(node.busiestWorkerCpu), align: 'right' },
  { title: 'USED', value: (node) => percent(node.used), align: 'right' },
  { title: 'LEASE AGE', value: (node) => `${node.leaseAgeMs} ms`, align: 'right' },
  { title: 'STARTED', value: (node) => timeOf(node.startedAtMs) },
  { title: 'VERSION', value: (node) => node.version },
];

const roomColumns: readonly Column<RoomSummary>[] = [
  { title: 'ROOM', value: (room) => room.room },
  { title: 'PARTICIPANTS', value: (room) => String(room.participants), align: 'right' },
  { title: 'VIEWERS', value: (room) => String(room.viewers), align: 'right' },
  { title: 'TRACKS', value: (room) => String(room.tracks), align: 'right' },
  { title: 'VERSION', value: (room) => String(room.version), align: 'right' },
  { title: 'NODES', value: (room) => room.nodeIds.join(', ') },
];

const participantColumns: readonly Column<RoomParticipant>[] = [
  { title: 'PARTICIPANT', value: (member) => member.identity },
  { title: 'NAME', value: (member) => member.name },
  { title: 'NODE', value: (member) => member.nodeId },
  { title: 'SESSION', value: (member) => member.sessionId },
  { title: 'EPOCH', value: (member) => String(member.epoch), align: 'right' },
  { title: 'JOINED', value: (member) => timeOf(member.joinedAtMs) },
  { title: 'CONNECTION', value: (member) => (member.lost ? 'lost' : 'connected') },
];

const trackColumns: readonly Column<RoomTrack>[] = [
  { title: 'TRACK', value: (track) => track.trackId },
  { title: 'PARTICIPANT', value: (track) => track.identity },
  { title: 'SOURCE', value: (track) => track.source },
  { title: 'CODEC', value: (track) => track.mimeType },
  { title: 'NODE', value: (track) => track.nodeId },
  { title: 'MUTED', value: (track) => (track.muted ? 'yes' : 'no') },
];

const pipeColumns: readonly Column<Pipe>[] = [
  { title: 'PIPE FROM', value: (pipe) => pipe.fromNodeId },
  { title: 'ROUTER', value: (pipe) => pipe.fromRouterId },
  { title: 'TO', value: (pipe) => pipe.toNodeId },
  { title: 'ROUTER', value: (pipe) => pipe.toRouterId },
  { title: 'TRACKS THERE', value: (pipe) => String(pipe.tracksForward.length), align: 'right' },
  { title: 'TRACKS BACK', value: (pipe) => String(pipe.tracksBackward.length), align: 'right' },
];

const moveColumns: readonly Column<NodeMoves>[] = [
  { title: 'NODE', value: (node) => node.nodeId },
  { title: 'MOVING', value: (node) => String(node.moving), align: 'right' },
];

export function formatDrain(nodeId: string, { sessions }: DrainNodeResponse): string {
  return sessions === 0
    ? `${nodeId} drains: it has no sessions and ends now.`
    : `${nodeId} drains: ${count(sessions, 'session')} to migrate. Its process ends when it is empty.`;
}

export function formatRebalance(nodes: readonly NodeMoves[]): string {
  return nodes.length === 0 ? 'No node has more than its share.' : formatTable(moveColumns, nodes);
}

export function formatNodes(nodes: readonly Node[]): string {
  return nodes.length === 0 ? 'No media nodes.' : formatTable(nodeColumns, nodes);
}

export function formatRooms(rooms: readonly RoomSummary[]): string {
  return rooms.length === 0 ? 'No rooms.' : formatTable(roomColumns, rooms);
}

export function formatRoom(room: Room): string {
  const { participants, viewers, tracks, pipes, silentNodeIds } = room;
  const counts = [
    count(participants.length, 'participant'),
    ...(viewers > 0 ? [count(viewers, 'viewer')] : []),
    count(tracks.length, 'track'),
    count(pipes.length, 'pipe'),
  ];
  const sections = [
    `Room ${room.room}, version ${room.version}: ${counts.join(', ')}`,
    formatTable(participantColumns, participants),
    ...(tracks.length > 0 ? [formatTable(trackColumns, tracks)] : []),
    ...(pipes.length > 0 ? [formatTable(pipeColumns, pipes)] : []),
    ...(silentNodeIds.length > 0
      ? [`No answer from ${silentNodeIds.join(', ')}: pipes between these are missing above.`]
      : []),
  ];
  return sections.join('\n\n');
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)}%`;
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}
