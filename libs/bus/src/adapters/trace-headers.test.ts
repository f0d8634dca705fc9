import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startNats } from '@skein/local-cluster';
import { systemClock } from '@skein/runtime';
import { injectTrace, startTelemetry, withSpan } from '@skein/telemetry';
import { expect, it, onTestFinished, vi } from 'vitest';
import { connectBus } from './nats-bus.ts';

/** Takes traces and forgets them. */
async function startCollector(): Promise<string> {
  const server = createServer((_, response) => response.end('{}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function busPair() {
  const nats = await startNats();
  const connectAs = (name: string) => connectBus({ url: nats.url, name, clock: systemClock });
  const [server, client] = await Promise.all([connectAs('server'), connectAs('client')]);
  onTestFinished(async () => {
    await Promise.all([server.close(), client.close()]);
    await nats.stop();
  });
  server.serve('skein.node.n1.session', async () => injectTrace());
  await server.flush({ deadlineMs: 2000 });
  const ask = () => client.request('skein.node.n1.session', {}, { deadlineMs: 2000 });
  return { ask };
}

it('a request outside a trace carries no trace headers', async () => {
  const { ask } = await busPair();
  expect(await ask()).toEqual({});
});

it("the server's span belongs to the trace of the requester", async () => {
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', await startCollector());
  onTestFinished(() => void vi.unstubAllEnvs());
  const { ask } = await busPair();
  const telemetry = await startTelemetry({ service: 'test' });
  onTestFinished(() => telemetry.shutdown());
  const carriers = await withSpan('what asks', {}, async () => [injectTrace(), await ask()]);
  const [asking, serving] = carriers as Record<string, string>[];
  const [, traceId, spanId] = asking?.['traceparent']?.split('-') ?? [];
  const [, servedTraceId, servedSpanId] = serving?.['traceparent']?.split('-') ?? [];
  expect(traceId).toMatch(/^[0-9a-f]{32}$/);
  expect(servedTraceId).toBe(traceId);
  expect(servedSpanId).not.toBe(spanId);
});
