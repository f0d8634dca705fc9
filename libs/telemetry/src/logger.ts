import { createPinoLogger } from './adapters/pino-logger.ts';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';
export const logLevels = [
  'trace',
  'debug',
  'info',
  'warn',
  'error',
  'fatal',
] as const satisfies readonly LogLevel[];

/** What a line is about: named the same everywhere, so that one search follows a call through the cluster. */
export interface LogFields {
  readonly room?: string;
  readonly participant?: string;
  readonly sessionId?: string;
  readonly nodeId?: string;
  readonly err?: unknown;
  readonly [field: string]: unknown;
}

type Write = (fields: LogFields, message: string) => void;

/** Structured logs, one JSON line each on stdout. From info upward never a token, an SDP or an IP address. */
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

/** The service's root logger. */
export function createLogger(service: string, level: LogLevel): Logger {
  return createPinoLogger(service, level);
}

const noop = (): void => {};

/** Says nothing; for tests. */
export const silentLogger: Logger = {
  trace: noop,
  debug: noop,
  info: noop,
  warn: noop,
  error: noop,
  fatal: noop,
  child: () => silentLogger,
};
