import { chooseCandidates, type NodeView, type PlacementCandidates } from '@skein/cluster';
import type { Random } from '@skein/runtime';

export interface SimulatedNodes {
  readonly count: number;
  /** Sessions that fill one. */
  readonly capacity: number;
  /** Joins between two beats of the nodes. */
  readonly joinsPerBeat: number;
}

/** Between two beats. */
const BEAT_MS = 250;

/** A cluster without media, stores or time of its own: the product's choice of nodes, and what comes of it. */
export class PlacingSimulation {
  readonly sessions: number[];
  /** The nodes of each room, with how many people are on each. */
  readonly rooms = new Map<string, Map<string, number>>();
  decisions = 0;
  #now = 0;
  #views: readonly NodeView[] = [];
  readonly #ids: readonly string[];
  readonly #nodes: SimulatedNodes;
  readonly #random: Random;
  readonly #sinceBeat: number[];

  constructor(nodes: SimulatedNodes, random: Random) {
    this.#nodes = nodes;
    this.#random = random;
    this.#ids = Array.from({ length: nodes.count }, (_, at) => `media-node-${at + 1}`);
    this.sessions = this.#ids.map(() => 0);
    this.#sinceBeat = this.#ids.map(() => 0);
    this.#beat();
  }

  /** One joins; answers with the node. Rejects by throwing when all are full. */
  join(room: string): string {
    if (this.decisions++ % this.#nodes.joinsPerBeat === 0) this.#beat();
    const query = { now: this.#now, region: 'default', random: this.#random };
    const hosts = this.rooms.get(room) ?? new Map<string, number>();
    const nodeId = chosenNode(chooseCandidates(this.#views, query), hosts);
    if (nodeId === undefined) throw new Error('all nodes are full');
    hosts.set(nodeId, (hosts.get(nodeId) ?? 0) + 1);
    this.rooms.set(room, hosts);
    const at = this.#ids.indexOf(nodeId);
    this.sessions[at] = (this.sessions[at] ?? 0) + 1;
    this.#sinceBeat[at] = (this.#sinceBeat[at] ?? 0) + 1;
    const view = this.#views[at];
    if (view) this.#views = this.#views.with(at, { ...view, assignedSinceBeat: this.#sinceBeat[at] ?? 0 });
    return nodeId;
  }

  #beat(): void {
    this.#now += BEAT_MS;
    this.#sinceBeat.fill(0);
    this.#views = this.#ids.map((nodeId, at) => {
      const sessions = this.sessions[at] ?? 0;
      const used = sessions / this.#nodes.capacity;
      const record = {
        nodeId,
        region: 'default',
        state: 'ready',
        grpcAddress: '127.0.0.1:0',
        workers: 1,
      } as const;
      const load = { packetsPerSecond: 0, busiestWorkerCpu: 0, sessions, used };
      return {
        record: { ...record, version: '0', startedAtMs: 0, beat: this.#now / BEAT_MS, load },
        lastSeenMs: this.#now,
        assignedSinceBeat: 0,
      };
    });
  }
}

/** As the placing script does: the host of most of the room's people among the open nodes, else the fallback. */
export function chosenNode(
  { openNodeIds, fallbackNodeId }: PlacementCandidates,
  hosts: ReadonlyMap<string, number>,
): string | undefined {
  const open = new Set(openNodeIds);
  let [chosen, most] = [fallbackNodeId, 0];
  for (const [host, people] of hosts) {
    const more = people > most || (people === most && chosen !== undefined && host < chosen);
    if (more && open.has(host)) [chosen, most] = [host, people];
  }
  return chosen;
}
