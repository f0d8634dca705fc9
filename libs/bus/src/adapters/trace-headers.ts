import { headers, type MsgHdrs } from '@nats-io/transport-node';
import { injectTrace, withSpan, withTraceFrom } from '@skein/telemetry';

// W3C Trace Context; baggage stays at home, it may hold anything.
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

/** Runs what a message asks for as a part of its sender's trace. */
export function withTraceOf<Result>(received: MsgHdrs | undefined, run: () => Result): Result {
  if (!received) return run();
  const carrier: Record<string, string> = {};
  for (const key of TRACE_KEYS) {
    const value = received.get(key);
    if (value !== '' && value.length <= MAX_VALUE_LENGTH) carrier[key] = value;
  }
  return withTraceFrom(carrier, run);
}

/** Runs a request, or what serves it, as a span of its own. The ids in a subject stay out of the name. */
export function requestSpan<Result>(
  subject: string,
  role: 'client' | 'server',
  run: () => Promise<Result>,
): Promise<Result> {
  return withSpan(`bus ${subject.split('.').at(-1)}`, attributes, run, role);
}
