import { freePort } from '@skein/local-cluster';
import { systemClock } from '@skein/runtime';
import { readFileLimit, readTreeUsage } from '../measure/cluster/adapters/proc.ts';
import { EchoServer } from './adapters/echo-server.ts';
import { HeapInspector } from './adapters/heap-inspector.ts';
import { openThinSocket, type ThinSocket } from './adapters/thin-socket.ts';
import type { Bench, BenchContext } from './bench.ts';
import { sourceAddress, whyTooMany } from './connection-plan.ts';
import { startLoneGateway, type LoneGateway } from './lone-gateway.ts';
import { SignalingClient } from './signaling-client.ts';

const COUNTS = { long: [1000, 10_000], short: [50, 200] } as const;
/** Enough that a burst of joins does not fill them; not more than 25, from which on gateways read leases, which stand-ins lack. */
const NODES = 24;
const PEOPLE_PER_ROOM = 10;
/** Joins and connects that are on their way at once. */
const AT_ONCE = 32;
/** People who come and go before anything is measured: what is compiled and cached then is no connection's own. */
const WARM_UP = { long: 300, short: 20 } as const;
/** More than a heartbeat: every socket has been pinged, and what the joins left behind is gone. */
const SETTLE_MS = { long: 12_000, short: 500 } as const;

interface Memory {
  readonly rssBytes: number;
  /** Before the collection of garbage: it depends on what was done lately. */
  readonly rssUncollectedBytes: number;
  readonly heapBytes: number;
  readonly bufferBytes: number;
}

/**
 * What a connection costs a gateway in memory: WebSockets that have joined a room of ten and do nothing but answer
 * pings, as a gateway closes those that don't join. Resident memory of the gateway process, after a collection of
 * garbage, less what it was before. Baseline: the same number of sockets to a bare uWebSockets.js.
 */
export const idle: Bench = {
  name: 'idle',
  what: 'Memory of a gateway for each idle connection, at 1000 and 10000.',
  budgets: [{ figure: 'bytesPerConnection', max: 20_480 }],
  async run(context) {
    const { form, signal, say } = context;
    const counts = COUNTS[form];
    const most = Math.max(...counts);
    const refusal = whyTooMany(most, readFileLimit());
    if (refusal !== undefined) throw new Error(refusal);
    const bareBytesPerConnection = await bareCost(most, signal);
    say(`a bare socket: ${bareBytesPerConnection} bytes`);
    const inspectPort = await freePort();
    const env = { NODE_OPTIONS: `--inspect=127.0.0.1:${inspectPort}` };
    await using gateway = await startLoneGateway({ nodes: NODES, signal, env });
    using inspector = await HeapInspector.connect(inspectPort);
    const warm = await joinMore(gateway, 'warm', 0, WARM_UP[form], signal);
    await Promise.all(warm.map((client) => client.request('leave', {})));
    const measure = (): Promise<Memory> => memoryOf(gateway, inspector, context);
    const empty = await measure();
    const sizes: (Memory & { connections: number })[] = [];
    let joined = 0;
    for (const connections of counts) {
      await joinMore(gateway, 'idle', joined, connections, signal);
      joined = connections;
      sizes.push({ connections, ...perConnection(await measure(), empty, connections) });
      say(JSON.stringify(sizes.at(-1)));
    }
    const last = sizes.at(-1);
    return {
      connections: most,
      bytesPerConnection: last?.rssBytes ?? 0,
      bareBytesPerConnection,
      perConnection: sizes.map((size) => ({ ...size })),
      emptyGateway: { ...empty },
      measured: 'resident memory (RSS) of the gateway process',
      peoplePerRoom: PEOPLE_PER_ROOM,
    };
  },
};

async function memoryOf(
  { process }: LoneGateway,
  inspector: HeapInspector,
  { form, signal }: BenchContext,
): Promise<Memory> {
  await systemClock.sleep(SETTLE_MS[form], signal);
  const rssUncollectedBytes = (await readTreeUsage(process.pid ?? 0)).residentBytes;
  await inspector.collectGarbage();
  const { usedBytes, bufferBytes } = await inspector.usage();
  const rssBytes = (await readTreeUsage(process.pid ?? 0)).residentBytes;
  return { rssBytes, rssUncollectedBytes, heapBytes: usedBytes, bufferBytes };
}

function perConnection(now: Memory, empty: Memory, connections: number): Memory {
  const per = (kind: keyof Memory): number => Math.round((now[kind] - empty[kind]) / connections);
  const resident = { rssBytes: per('rssBytes'), rssUncollectedBytes: per('rssUncollectedBytes') };
  return { ...resident, heapBytes: per('heapBytes'), bufferBytes: per('bufferBytes') };
}

/** Brings people `from` to `to` into rooms, some at a time. */
async function joinMore(
  { port }: LoneGateway,
  name: string,
  from: number,
  to: number,
  signal: AbortSignal,
): Promise<SignalingClient[]> {
  return await someAtATime(from, to, signal, async (index) => {
    const client = await SignalingClient.open(port, sourceAddress(index));
    await client.join(`${name}-${Math.floor(index / PEOPLE_PER_ROOM)}`, `person-${index}`);
    return client;
  });
}

async function bareCost(connections: number, signal: AbortSignal): Promise<number> {
  await using echo = await EchoServer.start();
  const before = await readTreeUsage(echo.pid ?? 0);
  const sockets: ThinSocket[] = await someAtATime(0, connections, signal, (index) =>
    openThinSocket({
      port: echo.port,
      localAddress: sourceAddress(index),
      onText: () => {},
      onClosed: () => {},
    }),
  );
  const after = await readTreeUsage(echo.pid ?? 0);
  for (const socket of sockets) socket.close();
  return Math.round((after.residentBytes - before.residentBytes) / connections);
}

async function someAtATime<Made>(
  from: number,
  to: number,
  signal: AbortSignal,
  make: (index: number) => Promise<Made>,
): Promise<Made[]> {
  const made: Made[] = [];
  let next = from;
  const keepGoing = async (): Promise<void> => {
    while (next < to) {
      signal.throwIfAborted();
      made.push(await make(next++));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, keepGoing));
  return made;
}
