import { pino } from 'pino';
import type { Logger, LogLevel } from '../logger.ts';

export function createPinoLogger(service: string, level: LogLevel): Logger {
  return pino({ level, base: { service }, formatters: { level: (label) => ({ level: label }) } }) as Logger;
}
