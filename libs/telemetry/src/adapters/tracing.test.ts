import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createLogger } from './pino-logger.ts';
import { startTelemetry, type Telemetry } from './start-telemetry.ts';
import { injectTrace, withSpan, withTraceFrom } from './tracing.ts';

interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly status: { readonly code?: number };
  readonly attributes: readonly unknown[];
}

/** A collector that keeps the spans that were sent to it. */
async function startCollector() {
  const spans: SentSpan[] = [];
  const resources: string[] = [];
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const { resourceSpans } = JSON.parse(body) as {
        resourceSpans: { resource: unknown; scopeSpans: { spans: SentSpan[] }[] }[];
      };
      for (const { resource, scopeSpans } of resourceSpans) {
        resources.push(JSON.stringify(resource));
        spans.push(...scopeSpans.flatMap((scope) => scope.spans));
      }
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { spans, resources, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

it('no span is recorded without an endpoint', async () => {
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', '');
  vi.stubEnv('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', '');
  const telemetry = await startTelemetry({ service: 'gateway' });
  expect(await withSpan('join', {}, async () => injectTrace())).toEqual({});
  await telemetry.shutdown();
});

describe('with a collector', () => {
  let collector: Awaited<ReturnType<typeof startCollector>>;
  let telemetry: Telemetry;

  beforeAll(async () => {
    collector = await startCollector();
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.url);
    vi.stubEnv('OTEL_EXPORTER_OTLP_PROTOCOL', 'http/json');
    telemetry = await startTelemetry({ service: 'media-node', nodeId: 'node-7' });
  });

  afterAll(() => {
    vi.unstubAllEnvs();
    collector.server.close();
    collector.server.closeAllConnections();
  });

  it('spans arrive with their service, across a carrier, with failures marked by code only', async () => {
    const carrier = await withSpan('gateway join', { room: 'lobby' }, async () => injectTrace(), 'client');
    expect(carrier).toMatchObject({
      traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/) as string,
    });
    const failing = withTraceFrom(carrier, () =>
      withSpan('node open', {}, () =>
        Promise.reject(Object.assign(new Error('10.1.2.3'), { code: 'ROOM_FULL' })),
      ),
    );
    await expect(failing).rejects.toThrow('10.1.2.3');

    const lines: string[] = [];
    const log = createLogger('media-node', 'info', (line) => lines.push(line));
    await withTraceFrom(carrier, () => withSpan('logged', {}, async () => log.info({}, 'inside')));
    log.info({}, 'outside');

    await telemetry.shutdown();
    const byName = new Map(collector.spans.map((span) => [span.name, span]));
    const [join, open, logged] = ['gateway join', 'node open', 'logged'].map((name) => byName.get(name));
    expect(open).toMatchObject({ traceId: join?.traceId, parentSpanId: join?.spanId, status: { code: 2 } });
    expect(JSON.stringify(open)).toContain('ROOM_FULL');
    expect(JSON.stringify(open)).not.toContain('10.1.2.3');
    expect(join).toMatchObject({ kind: 3, attributes: [{ key: 'room', value: { stringValue: 'lobby' } }] });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ trace_id: join?.traceId, span_id: logged?.spanId });
    expect(lines[1]).not.toContain('trace_id');
    expect(collector.resources[0]).toContain('skein-media-node');
    expect(collector.resources[0]).toContain('node-7');
    expect(collector.resources[0]).not.toContain('process.command');
  });
});
