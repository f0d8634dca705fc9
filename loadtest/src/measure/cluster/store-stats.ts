/** Commands that Redis has run since its start. */
export interface RedisCommands {
  /** All, with those that scripts ran inside. */
  readonly all: number;
  /** Scripts. */
  readonly scripts: number;
}

/** What asks for the figures, not what is measured. */
const OWN = new Set(['info', 'ping', 'client|setinfo', 'hello']);
const SCRIPTS = new Set(['eval', 'evalsha', 'fcall', 'evalsha_ro', 'eval_ro', 'fcall_ro']);

/** Reads `INFO commandstats`: lines such as `cmdstat_evalsha:calls=12,usec=345,…`. */
export function parseCommandStats(text: string): RedisCommands {
  let all = 0;
  let scripts = 0;
  for (const [, name = '', calls = '0'] of text.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)) {
    if (OWN.has(name)) continue;
    all += Number(calls);
    if (SCRIPTS.has(name)) scripts += Number(calls);
  }
  return { all, scripts };
}

/** Messages since the server's start. */
export interface NatsMessages {
  /** That clients sent. */
  readonly received: number;
  /** That went out to clients: one for each that listens. */
  readonly sent: number;
}

/** Reads the JSON of the monitoring endpoint `/varz`; `undefined` when it is not that. */
export function parseNatsVarz(value: unknown): NatsMessages | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  const { in_msgs: received, out_msgs: sent } = value as Record<string, unknown>;
  return typeof received === 'number' && typeof sent === 'number' ? { received, sent } : undefined;
}
