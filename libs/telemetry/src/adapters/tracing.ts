import {
  context,
  isSpanContextValid,
  propagation,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Span,
} from '@opentelemetry/api';

/** The trace context beside a message: `traceparent` and `tracestate` of W3C Trace Context. */
export type TraceCarrier = Readonly<Record<string, string>>;

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;
/** Whether a span is an outgoing call, a served call, or neither. */
export type SpanRole = 'client' | 'server' | 'internal';

const kinds = { client: SpanKind.CLIENT, server: SpanKind.SERVER, internal: SpanKind.INTERNAL } as const;

/** Runs `fn` inside a span that ends with it, failed if `fn` fails. Costs next to nothing while tracing is off. */
export function withSpan<Result>(
  name: string,
  attributes: SpanAttributes,
  fn: () => Result | Promise<Result>,
  role: SpanRole = 'internal',
): Promise<Result> {
  const tracer = trace.getTracer('skein');
  return tracer.startActiveSpan(
    name,
    { kind: kinds[role], attributes: attributes as Attributes },
    async (span) => {
      try {
        return await fn();
      } catch (error) {
        markFailed(span, error);
        throw error;
      } finally {
        span.end();
      }
    },
  );
}

/** The code only: messages may hold data that must not leave the process. */
function markFailed(span: Span, error: unknown): void {
  const { code } = (error ?? {}) as { code?: unknown };
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.setAttribute('error.type', typeof code === 'string' ? code : 'INTERNAL');
}

/** The active trace context for an outgoing message; empty without one. */
export function injectTrace(): Record<string, string> {
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  return carrier;
}

/** Runs `fn` as part of the trace that came with a message. */
export function withTraceFrom<Result>(carrier: TraceCarrier, fn: () => Result): Result {
  return context.with(propagation.extract(context.active(), carrier), fn);
}

/** For log lines: `trace_id` and `span_id` of the active span. */
export function activeTraceIds(): Record<string, string> {
  const active = trace.getActiveSpan()?.spanContext();
  return active && isSpanContextValid(active) ? { trace_id: active.traceId, span_id: active.spanId } : {};
}
