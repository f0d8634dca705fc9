import { expect, it, onTestFinished, vi } from 'vitest';
import { livenessService } from '../liveness-service.ts';
import { createRpcClients } from './rpc-clients.ts';
import { createRpcServer } from './rpc-server.ts';

async function startPeer() {
  const server = createRpcServer({ host: '127.0.0.1', port: 0 });
  server.addService(livenessService, { ping: async () => ({}) });
  const { port } = await server.listen();
  onTestFinished(() => server.close({ deadlineMs: 0 }));
  return { server, address: `127.0.0.1:${port}` };
}

it('clients report a connection that its peer ends, and none that they close', async () => {
  const [first, second] = await Promise.all([startPeer(), startPeer()]);
  const clients = createRpcClients();
  onTestFinished(() => clients.close());
  const lost: string[] = [];
  clients.onConnectionLost((address) => lost.push(address));
  for (const { address } of [first, second]) await clients.client(livenessService, address).ping({});
  clients.closeChannel(second.address);
  await first.server.close({ deadlineMs: 0 });
  await vi.waitFor(() => expect(lost).toEqual([first.address]));
});
