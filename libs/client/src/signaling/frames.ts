import type { ClientEvent, ClientEventName, WireError } from '@skein/protocol';

/** An event of the gateway. Events about the room carry its version after the event. */
export type GatewayEvent = {
  [Name in ClientEventName]: {
    readonly event: Name;
    readonly data: ClientEvent<Name>;
    readonly version?: number;
  };
}[ClientEventName];

export type Frame =
  | { readonly kind: 'answer'; readonly id: string; readonly data: unknown }
  | { readonly kind: 'failure'; readonly id: string; readonly error: WireError }
  | { readonly kind: 'event'; readonly event: GatewayEvent }
  | { readonly kind: 'unknown'; readonly problem: string };

/**
 * Parses one text frame of the gateway. Checks the envelope only: the gateway is trusted, and validating every field would put a
 * schema library into every page.
 */
export function parseFrame(text: string): Frame {
  const message = parseObject(text);
  if (!message) return { kind: 'unknown', problem: 'not a JSON object' };
  if (typeof message['event'] === 'string')
    return { kind: 'event', event: message as unknown as GatewayEvent };
  const { id, error } = message;
  if (typeof id !== 'string') return { kind: 'unknown', problem: 'neither an answer nor an event' };
  if (isWireError(error)) return { kind: 'failure', id, error };
  return { kind: 'answer', id, data: message['data'] };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function isWireError(value: unknown): value is WireError {
  return typeof value === 'object' && value !== null && 'code' in value && 'message' in value;
}
