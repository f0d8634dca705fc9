import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startTelemetry, withSpan } from '@skein/telemetry';
import { expect, it, onTestFinished, vi } from 'vitest';
import { nodeService } from '../node-service.ts';
import { createRpcClients } from './rpc-clients.ts';
import { createRpcServer } from './rpc-server.ts';

interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
}

const SERVER = 2;
const CLIENT = 3;

async function startCollector(): Promise<{ url: string; spans: SentSpan[] }> {
  const spans: SentSpan[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      const sent = JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: SentSpan[] }[] }[] };
      spans.push(...sent.resourceSpans.flatMap((one) => one.scopeSpans.flatMap((scope) => scope.spans)));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, spans };
}

it('one trace spans the caller, the client and the handler of a call', async () => {
  const collector = await startCollector();
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.url);
  vi.stubEnv('OTEL_EXPORTER_OTLP_PROTOCOL', 'http/json');
  onTestFinished(() => void vi.unstubAllEnvs());
  const telemetry = await startTelemetry({ service: 'test' });
  const server = createRpcServer({ host: '127.0.0.1', port: 0 });
  const notAsked = (): Promise<never> => Promise.reject(new Error('not asked'));
  server.addService(nodeService, {
    getStatus: notAsked,
    listRooms: notAsked,
    findSessions: notAsked,
    drain: notAsked,
    moveSessions: notAsked,
    getRoomMedia: ({ room }) =>
      withSpan('inside the handler', {}, async () => {
        return { room, nodeId: 'node-a', version: 1, routerIds: [], sessions: [], pipes: [] };
      }),
  });
  const { port } = await server.listen();
  const clients = createRpcClients();
  const node = clients.client(nodeService, `127.0.0.1:${port}`);
  await withSpan('what calls', {}, () => node.getRoomMedia({ room: 'lobby' }));
  clients.close();
  await server.close();
  await telemetry.shutdown();

  const find = (name: string, kind?: number): SentSpan | undefined =>
    collector.spans.find((span) => span.name === name && (kind === undefined || span.kind === kind));
  const chain = [
    find('what calls'),
    find('NodeService.getRoomMedia', CLIENT),
    find('NodeService.getRoomMedia', SERVER),
    find('inside the handler'),
  ];
  expect(new Set(chain.map((span) => span?.traceId)).size).toBe(1);
  expect(chain.slice(1).map((span) => span?.parentSpanId)).toEqual(
    chain.slice(0, -1).map((span) => span?.spanId),
  );
});
