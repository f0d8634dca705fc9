import { createMemoryBus } from '@skein/bus/testing';
import { SkeinError, subjects } from '@skein/protocol';
import { createRpcClients, createRpcServer, livenessService, type LivenessServiceHandlers } from '@skein/rpc';
import { systemClock } from '@skein/runtime';
import { afterEach, expect, it } from 'vitest';
import { createProbes } from './probes.ts';
import { startDelayedLink } from '../testing/delayed-link.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const unused = (): Promise<never> => Promise.reject(new SkeinError('INTERNAL', 'not asked'));
const never = (): Promise<never> => new Promise(() => {});
const status = async () => ({});

async function rpcNode(ping: LivenessServiceHandlers['ping']) {
  const server = createRpcServer({ host: '127.0.0.1', port: 0 });
  server.addService(livenessService, { ping });
  const { port } = await server.listen();
  cleanups.push(() => server.close({ deadlineMs: 0 }));
  return { address: `127.0.0.1:${port}`, close: () => server.close({ deadlineMs: 0 }) };
}

function prober() {
  const hub = createMemoryBus();
  const clients = createRpcClients();
  cleanups.push(() => clients.close());
  const bus = hub.connect('control');
  const probes = createProbes({ bus, clients, clock: systemClock });
  const node = { nodeId: 'n1', region: 'eu', startedAtMs: 1, draining: false, fence: 1, lastHeardMs: 0 };
  return {
    ...{ hub, bus, probes, node: hub.connect('n1') },
    ask: (grpcAddress: string) => probes.probe({ ...node, grpcAddress }),
    measure: (grpcAddress: string) => probes.measure({ ...node, grpcAddress }),
  };
}

it('a node that lives answers both ways; also an error is an answer', async () => {
  const { node, ask } = prober();
  node.serve(subjects.nodePing('n1'), async () => ({}));
  expect(await ask((await rpcNode(status)).address)).toMatchObject({ bus: 'answered', rpc: 'answered' });
  expect(await ask((await rpcNode(unused)).address)).toMatchObject({ rpc: 'answered' });
});

it('an address without a listener is refused at once', async () => {
  const { ask } = prober();
  const gone = await rpcNode(status);
  await gone.close();
  const beganMs = systemClock.monotonicMs();
  expect(await ask(gone.address)).toMatchObject({ bus: 'refused', rpc: 'refused' });
  expect(systemClock.monotonicMs() - beganMs).toBeLessThan(250);
});

it('a node that hangs is silent, and takes no longer than the deadline', async () => {
  const { node, ask } = prober();
  node.serve(subjects.nodePing('n1'), never);
  const { address } = await rpcNode(never);
  expect(await ask(address)).toMatchObject({ bus: 'silent', rpc: 'silent' });
});

it('a bus that is away, or does not answer itself, says nothing about the node', async () => {
  const { hub, bus, node, ask } = prober();
  node.serve(subjects.nodePing('n1'), never);
  const { address } = await rpcNode(status);
  bus.flush = () => Promise.reject(SkeinError.deadline('the bus', 300));
  expect(await ask(address)).toMatchObject({ bus: 'notProbed', rpc: 'answered' });
  hub.setDown(true);
  expect(await ask(address)).toMatchObject({ bus: 'notProbed', rpc: 'answered' });
});

it('a node that was refused once and is back is found at the next question', async () => {
  const { ask } = prober();
  const first = await rpcNode(status);
  await first.close();
  expect(await ask(first.address)).toMatchObject({ rpc: 'refused' });
  const server = createRpcServer({ host: '127.0.0.1', port: Number(first.address.split(':')[1]) });
  server.addService(livenessService, { ping: status });
  await server.listen();
  cleanups.push(() => server.close({ deadlineMs: 0 }));
  expect(await ask(first.address)).toMatchObject({ rpc: 'answered' });
});

/** Round trips beyond 150 ms: a new connection alone takes two. */
it.each([150, 300])(
  'a node %d ms away answers over gRPC, over the connection that is there',
  async (roundTripMs) => {
    const { ask, measure, probes } = prober();
    const { address } = await rpcNode(status);
    const link = await startDelayedLink(Number(address.split(':')[1]), roundTripMs / 2);
    cleanups.push(() => link[Symbol.asyncDispose]());
    await measure(link.address);
    await measure(link.address);
    expect(probes.roundTripMs('n1')).toBeGreaterThanOrEqual(roundTripMs - 5);
    for (let one = 0; one < 3; one++) expect(await ask(link.address)).toMatchObject({ rpc: 'answered' });
    expect(link.connections).toBe(1);
  },
);

it('a far node is found silent, and answers over a new connection once the network is back', async () => {
  const { ask, measure } = prober();
  const { address } = await rpcNode(status);
  const link = await startDelayedLink(Number(address.split(':')[1]), 100);
  cleanups.push(() => link[Symbol.asyncDispose]());
  await measure(link.address);
  await measure(link.address);
  link.setDown(true);
  expect(await ask(link.address)).toMatchObject({ rpc: 'silent' });
  link.setDown(false);
  expect(await ask(link.address)).toMatchObject({ rpc: 'answered' });
  expect(link.connections).toBe(2);
});
