import { Metadata } from '@grpc/grpc-js';
import { injectTrace, withSpan, withTraceFrom } from '@skein/telemetry';

// W3C Trace Context without baggage, which may hold anything.
const TRACE_KEYS = ['traceparent', 'tracestate'];
const MAX_VALUE_LENGTH = 512;

/** Metadata that continues the active trace at the server. */
export function traceMetadata(): Metadata {
  const metadata = new Metadata();
  const carrier = injectTrace();
  for (const key of TRACE_KEYS) {
    const value = carrier[key];
    if (value !== undefined) metadata.set(key, value);
  }
  return metadata;
}

/** Runs a handler as a part of its caller's trace. */
export function servedSpan<Result>(
  method: string,
  metadata: Metadata,
  handle: () => Promise<Result>,
): Promise<Result> {
  const carrier: Record<string, string> = {};
  for (const key of TRACE_KEYS) {
    const [value] = metadata.get(key);
    if (typeof value === 'string' && value.length <= MAX_VALUE_LENGTH) carrier[key] = value;
  }
  return withTraceFrom(carrier, () => withSpan(method, attributes, handle, 'server'));
}

/** Runs a call as a span of its own. */
export function calledSpan<Result>(method: string, call: () => Promise<Result>): Promise<Result> {
  return withSpan(method, attributes, call, 'client');
}

const attributes = { 'rpc.system': 'grpc' };
