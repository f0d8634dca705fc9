import { headers, type MsgHdrs } from '@nats-io/transport-node';
import { injectTrace, withSpan, withTraceFrom } from '@skein/telemetry';

// W3C Trace Context without baggage, which may hold anything.
const TRACE_KEYS = ['traceparent', 'tracestate'];
const MAX_VALUE_LENGTH = 512;
const attributes = { 'messaging.system': 'nats' };

/** Headers that continue the active trace at the server of the request; none without a trace. */
export function traceHeaders(): { headers: MsgHdrs } | undefined {
  const carrier = injectTrace();
  if (carrier['traceparent'] === undefined) return undefined;
  const sent = headers();
  for (const key of TRACE_KEYS) {
    const value = carrier[key];
    if (value !== undefined) sent.set(key, value);
  }
  return { headers: sent };
}

/** Runs the handler of a message inside its sender's trace. */
export function withTraceOf<Result>(received: MsgHdrs | undefined, run: () => Result): Result {
  if (!received) return run();
  const carrier: Record<string, string> = {};
  for (const key of TRACE_KEYS) {
    const value = received.get(key);
    if (value !== '' && value.length <= MAX_VALUE_LENGTH) carrier[key] = value;
  }
  return withTraceFrom(carrier, run);
}

/** Runs a request or its handler as a span. Ids in the subject stay out of the span's name. */
export function requestSpan<Result>(
  subject: string,
  role: 'client' | 'server',
  run: () => Promise<Result>,
): Promise<Result> {
  return withSpan(`bus ${subject.split('.').at(-1)}`, attributes, run, role);
}
