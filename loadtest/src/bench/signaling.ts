import { systemClock } from '@skein/runtime';
import { readTreeUsage } from '../measure/cluster/adapters/proc.ts';
import { EchoServer } from './adapters/echo-server.ts';
import { openThinSocket } from './adapters/thin-socket.ts';
import type { Bench, BenchContext } from './bench.ts';
import { closedLoop } from './closed-loop.ts';
import { startLoneGateway } from './lone-gateway.ts';
import { hundredths } from '../measure/statistics.ts';
import { SignalingClient } from './signaling-client.ts';

const CLIENTS = 64;
const NODES = 3;
const PEOPLE_PER_ROOM = 4;
const SECONDS = { long: 5, short: 0.5 } as const;
const WARM_UP_SECONDS = { long: 2, short: 0.2 } as const;

/** What is measured is the cost of a request, not how many a client may send. */
const NO_RATES = {
  SKEIN_GATEWAY_CHANGES_PER_SECOND: '100000',
  SKEIN_GATEWAY_CHANGES_BURST: '100000',
  SKEIN_GATEWAY_SYNCS_PER_SECOND: '100000',
} as const;

type Ask = (client: number) => Promise<unknown>;

interface Figures {
  readonly [figure: string]: string | number | Readonly<Record<string, number>>;
  /** CPU of the server for one request, in microseconds. */
  readonly cpuUs: number;
}

/**
 * What a request costs a gateway: `ping`, which it answers itself, `sync` of an old version, which it answers with the whole room from its own feed, and
 * `setTrackMuted`, which a media node answers over NATS. Baseline: bare uWebSockets.js that sends the same message back. CPU is the
 * server's own, so that it does not matter who else uses the machine's cores.
 */
export const signaling: Bench = {
  name: 'signaling',
  what: 'Requests per second and gateway core, and their latency; against a bare uWebSockets.js echo.',
  budgets: [],
  async run(context) {
    const echo = await measureEcho(context);
    context.say(`echo: ${JSON.stringify(echo)}`);
    await using gateway = await startLoneGateway({ nodes: NODES, signal: context.signal, env: NO_RATES });
    const clients = await joined(gateway.port);
    const pid = gateway.process.pid ?? 0;
    const requests: Figures[] = [];
    const asks: Readonly<Record<string, Ask>> = {
      ping: (client) => at(clients, client).request('ping', {}),
      sync: (client) => at(clients, client).request('sync', { version: 1 }),
      setTrackMuted: (client) =>
        at(clients, client).request('setTrackMuted', { trackId: 'trk_1', muted: true }),
    };
    for (const [request, ask] of Object.entries(asks)) {
      requests.push({ request, ...(await measure(ask, pid, context)) });
      context.say(JSON.stringify(requests.at(-1)));
    }
    for (const client of clients) client.close();
    const ping = requests[0]?.cpuUs ?? 0;
    return { echo, requests, pingCpuRatioToEcho: hundredths(ping / echo.cpuUs), clients: CLIENTS };
  },
};

async function measureEcho(context: BenchContext): Promise<Figures> {
  await using echo = await EchoServer.start();
  const message = JSON.stringify({ id: '1000000', method: 'ping', data: {} });
  const waiting: (() => void)[] = [];
  const sockets = await Promise.all(
    Array.from({ length: CLIENTS }, (_, client) =>
      openThinSocket({ port: echo.port, onText: () => waiting[client]?.(), onClosed: () => {} }),
    ),
  );
  const ask: Ask = (client) =>
    new Promise<void>((resolve) => {
      waiting[client] = resolve;
      at(sockets, client).send(message);
    });
  const figures = await measure(ask, echo.pid ?? 0, context);
  for (const socket of sockets) socket.close();
  return figures;
}

/** Each client has one request on its way at any time. */
async function measure(ask: Ask, pid: number, { form, signal }: BenchContext) {
  const free = Array.from({ length: CLIENTS }, (_, client) => client);
  let requests = 0;
  const operation = async (): Promise<void> => {
    const client = free.pop() ?? 0;
    await ask(client);
    free.push(client);
    requests++;
  };
  const shared = { inFlight: CLIENTS, signal };
  await closedLoop(operation, { ...shared, seconds: WARM_UP_SECONDS[form] });
  const [fromMs, before] = [systemClock.monotonicMs(), await readTreeUsage(pid)];
  requests = 0;
  const { perSecond, tookMs } = await closedLoop(operation, { ...shared, seconds: SECONDS[form] });
  const cpuMs = (await readTreeUsage(pid)).cpuMs - before.cpuMs;
  const wallMs = systemClock.monotonicMs() - fromMs;
  return {
    requestsPerSecond: perSecond,
    requestsPerCoreSecond: Math.round((1000 * requests) / cpuMs),
    cpuUs: hundredths((1000 * cpuMs) / requests),
    serverCores: hundredths(cpuMs / wallMs),
    answerMs: { ...tookMs },
  };
}

async function joined(port: number): Promise<SignalingClient[]> {
  const clients: SignalingClient[] = [];
  for (let one = 0; one < CLIENTS; one++) {
    const client = await SignalingClient.open(port);
    clients.push(client);
    await client.join(`signaling-${Math.floor(one / PEOPLE_PER_ROOM)}`, `person-${one}`);
  }
  return clients;
}

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new Error(`there is no client ${index}`);
  return item;
}
