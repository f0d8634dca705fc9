import type { Pipe, PipeMedia, RoomMedia } from '@skein/rpc';

/** The report of one end, in the direction in which the pipe is shown. */
interface Report {
  readonly forward: readonly string[];
  readonly backward: readonly string[];
}

interface Link {
  readonly from: End;
  readonly to: End;
  /** Per reporting end, its reports of all its pipes to the other end. */
  readonly reports: Map<string, Report[]>;
}

interface End {
  readonly nodeId: string;
  readonly routerId: string;
}

/**
 * Joins the reports of both ends into one entry per pipe, between nodes and between workers of one node, from the end that
 * sorts first. Faults stay visible: a second pipe between the same two routers is a second entry, and a track that crosses
 * a pipe twice is listed twice. A pipe that only one end knows yet is shown.
 */
export function mergePipes(media: readonly RoomMedia[]): Pipe[] {
  const links = new Map<string, Link>();
  for (const { nodeId, pipes } of media) {
    for (const pipe of pipes) addReport(links, nodeId, pipe);
  }
  return [...links.entries()].sort(([a], [b]) => compare(a, b)).flatMap(([, link]) => pipesOf(link));
}

function addReport(links: Map<string, Link>, nodeId: string, pipe: PipeMedia): void {
  const local = { nodeId, routerId: pipe.localRouterId };
  const peer = { nodeId: pipe.peerNodeId || nodeId, routerId: pipe.peerRouterId };
  const isFrom = compare(keyOf(local), keyOf(peer)) <= 0;
  const [from, to] = isFrom ? [local, peer] : [peer, local];
  const key = `${keyOf(from)} ${keyOf(to)}`;
  const link = links.get(key) ?? { from, to, reports: new Map<string, Report[]>() };
  links.set(key, link);
  const report = isFrom
    ? { forward: pipe.tracksOut, backward: pipe.tracksIn }
    : { forward: pipe.tracksIn, backward: pipe.tracksOut };
  link.reports.set(keyOf(local), [...(link.reports.get(keyOf(local)) ?? []), report]);
}

function pipesOf({ from, to, reports }: Link): Pipe[] {
  const byEnd = [...reports.values()];
  const count = Math.max(...byEnd.map((list) => list.length));
  return Array.from({ length: count }, (_, index) => {
    const sameIndex = byEnd.flatMap((list) => list[index] ?? []);
    return {
      fromNodeId: from.nodeId,
      fromRouterId: from.routerId,
      toNodeId: to.nodeId,
      toRouterId: to.routerId,
      tracksForward: mostOfEach(sameIndex.map((report) => report.forward)),
      tracksBackward: mostOfEach(sameIndex.map((report) => report.backward)),
    };
  });
}

/** Each id as often as in the list that has it most often, sorted. */
function mostOfEach(lists: readonly (readonly string[])[]): string[] {
  const most = new Map<string, number>();
  for (const list of lists) {
    const counts = new Map<string, number>();
    for (const id of list) counts.set(id, (counts.get(id) ?? 0) + 1);
    for (const [id, count] of counts) most.set(id, Math.max(count, most.get(id) ?? 0));
  }
  return [...most].sort(([a], [b]) => compare(a, b)).flatMap(([id, count]) => Array<string>(count).fill(id));
}

function keyOf({ nodeId, routerId }: End): string {
  return `${nodeId} ${routerId}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
