export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';
export const logLevels = [
  'trace',
  'debug',
  'info',
  'warn',
  'error',
  'fatal',
] as const satisfies readonly LogLevel[];

/** Fields have one name everywhere, so that one search follows a call through the cluster. */
export interface LogFields {
  /** A stable name of what happened, for filters and alerts: noun, dot, past verb (`participant.joined`). On every info line. */
  readonly event?: string;
  readonly room?: string;
  readonly participant?: string;
  readonly sessionId?: string;
  readonly nodeId?: string;
  readonly err?: unknown;
  readonly [field: string]: unknown;
}

type Write = (fields: LogFields, message: string) => void;

/** Structured logs, one JSON line each on stdout. From info upward no line holds a token, an SDP or an IP address. */
export interface Logger {
  readonly trace: Write;
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
  readonly fatal: Write;
  /** A logger whose every line also has these fields. */
  child(fields: LogFields): Logger;
}

const noop = (): void => {};

/** Drops every line: the default where a logger is optional. */
export const silentLogger: Logger = {
  trace: noop,
  debug: noop,
  info: noop,
  warn: noop,
  error: noop,
  fatal: noop,
  child: () => silentLogger,
};
