import { connectBus } from '@skein/bus';
import { connectStore } from '@skein/cluster';
import { SkeinError, subjects, type NodeRecord } from '@skein/protocol';
import { createRpcServer, livenessService, nodeService, type NodeStatus } from '@skein/rpc';
import { systemClock } from '@skein/runtime';

const BEAT_EVERY_MS = 250;
const LEASE_TTL_MS = 700;

/** What a media node shows of its life, over real servers, and ways to end it. */
export interface TestNode {
  readonly startedAtMs: number;
  /** Whether the store refused to renew its lease: the node was evicted. */
  readonly fenced: boolean;
  /** As SIGKILL does: sockets closed, nothing given back. */
  kill(): Promise<void>;
  /** As SIGSTOP does: sockets stay open, nothing answers. */
  hang(): void;
  /** Continues after `hang`. */
  wake(): void;
}

export async function startTestNode(
  nodeId: string,
  { redisUrl, natsUrl }: { redisUrl: string; natsUrl: string },
): Promise<TestNode> {
  const clock = systemClock;
  const [store, bus] = await Promise.all([
    connectStore({ url: redisUrl, clock }),
    connectBus({ url: natsUrl, clock, name: nodeId }),
  ]);
  let hangs = false;
  const answer = <Answer>(given: Answer): Promise<Answer> =>
    hangs ? new Promise(() => {}) : Promise.resolve(given);
  const unused = (): Promise<never> => Promise.reject(new Error('not asked'));
  const server = createRpcServer({ host: '127.0.0.1', port: 0 });
  server.addService(nodeService, {
    ...{ getRoomMedia: unused, listRooms: unused, findSessions: unused, drain: unused, moveSessions: unused },
    getStatus: () => answer<NodeStatus>({ nodeId, workers: [], counts: null }),
  });
  server.addService(livenessService, { ping: () => answer({}) });
  const { port } = await server.listen();
  const serving = bus.serve(subjects.nodePing(nodeId), () => answer({}));
  await bus.flush({ deadlineMs: 2000 });

  const startedAtMs = clock.now();
  let fence: number | undefined;
  let beat = 0;
  const live = async (): Promise<void> => {
    if (hangs) return;
    const record = recordOf(nodeId, { port, startedAtMs, fence, beat: beat++ });
    bus.publish(subjects.nodeBeat(nodeId), record);
    fence = await store.nodes.renew(record, { fence, ttlMs: LEASE_TTL_MS });
  };
  await live();
  let fenced = false;
  const beating = clock.every(BEAT_EVERY_MS, () => {
    // A store that is away is no reason to stop.
    live().catch((error: unknown) => (fenced ||= SkeinError.from(error).code === 'STALE_EPOCH'));
  });
  return {
    startedAtMs,
    get fenced() {
      return fenced;
    },
    kill: async () => {
      beating[Symbol.dispose]();
      serving.close();
      hangs = false;
      await Promise.all([server.close({ deadlineMs: 0 }), bus.close(), store.close()]);
    },
    hang: () => void (hangs = true),
    wake: () => void (hangs = false),
  };
}

function recordOf(
  nodeId: string,
  { port, ...start }: { port: number; startedAtMs: number; fence: number | undefined; beat: number },
): NodeRecord {
  return {
    ...{
      nodeId,
      region: 'eu',
      state: 'ready',
      grpcAddress: `127.0.0.1:${port}`,
      workers: 1,
      version: '0.1.0',
    },
    ...start,
    load: { packetsPerSecond: 0, busiestWorkerCpu: 0, sessions: 0, used: 0 },
  };
}
