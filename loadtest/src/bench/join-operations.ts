import { systemClock } from '@skein/runtime';
import type { BenchContext } from './bench.ts';
import { hundredths } from '../measure/statistics.ts';
import type { JoinCluster, OperationCounts } from './join-cluster.ts';
import { SignalingClient } from './signaling-client.ts';

/** What one join costs the stores, beside what the cluster asks of them at rest. */
export type OperationsPerJoin = { readonly roomSize: number } & Readonly<
  Record<keyof OperationCounts, number>
>;

/** How long the cluster is watched at rest, to know what it does anyway. */
const REST_MS = 4000;
/** Longer than a room's last news are checked for, so that the joins of one size don't count for the next. */
const SETTLE_MS = 1000;
const JOINS = 20;

/** Joins rooms of each size, one after another. The operations of people who leave are not counted. */
export async function operationsPerJoin(
  cluster: JoinCluster,
  roomSizes: readonly number[],
  { say, signal }: BenchContext,
): Promise<OperationsPerJoin[]> {
  const atRest = await restPerMs(cluster, signal);
  const sizes: OperationsPerJoin[] = [];
  for (const roomSize of roomSizes) {
    const inside = await fillRooms(cluster, roomSize, signal);
    await systemClock.sleep(SETTLE_MS, signal);
    const [fromMs, before] = [systemClock.monotonicMs(), await cluster.operations()];
    // Late ones join rooms that hold `roomSize` or a few more; the room of size 1 is another one each time.
    for (let one = 0; one < JOINS; one++) {
      const client = await SignalingClient.open(cluster.port);
      inside.push(client);
      await client.join(roomName(roomSize, one), `late-${one}`);
      signal.throwIfAborted();
    }
    await systemClock.sleep(SETTLE_MS, signal);
    const after = await cluster.operations();
    const tookMs = systemClock.monotonicMs() - fromMs;
    const perJoin = (name: keyof OperationCounts): number =>
      hundredths((after[name] - before[name] - atRest[name] * tookMs) / JOINS);
    sizes.push({ roomSize, ...each(perJoin) });
    say(`room of ${roomSize}: ${JSON.stringify(sizes.at(-1))}`);
    await leaveAll(inside);
  }
  return sizes;
}

/** Rooms of one are many, so that each join finds one person. */
function roomName(size: number, at: number): string {
  return size === 1 ? `operations-1-${at}` : `operations-${size}`;
}

async function fillRooms(
  { port }: JoinCluster,
  size: number,
  signal: AbortSignal,
): Promise<SignalingClient[]> {
  const clients: SignalingClient[] = [];
  const people = size === 1 ? JOINS : size;
  for (let one = 0; one < people; one++) {
    const client = await SignalingClient.open(port);
    clients.push(client);
    await client.join(roomName(size, one), `early-${one}`);
    signal.throwIfAborted();
  }
  return clients;
}

async function leaveAll(clients: readonly SignalingClient[]): Promise<void> {
  await Promise.all(clients.map((client) => client.request('leave', {})));
}

async function restPerMs(cluster: JoinCluster, signal: AbortSignal): Promise<OperationCounts> {
  const [fromMs, before] = [systemClock.monotonicMs(), await cluster.operations()];
  await systemClock.sleep(REST_MS, signal);
  const after = await cluster.operations();
  const tookMs = systemClock.monotonicMs() - fromMs;
  return each((name) => (after[name] - before[name]) / tookMs);
}

function each(of: (name: keyof OperationCounts) => number): OperationCounts {
  return {
    redisScripts: of('redisScripts'),
    redisCommands: of('redisCommands'),
    natsPublished: of('natsPublished'),
    natsDelivered: of('natsDelivered'),
  };
}
