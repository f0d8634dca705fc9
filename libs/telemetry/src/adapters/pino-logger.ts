import { destination, pino, stdTimeFunctions, type DestinationStream } from 'pino';
import { describeError } from '../describe-error.ts';
import type { Logger, LogLevel } from '../logger.ts';
import { scrubLine } from '../scrub.ts';
import { activeTraceIds } from './tracing.ts';

const INFO = 30;

/** A service's root logger. `write` takes each finished line; the default writes to stdout synchronously, so that a crash loses none. */
export function createLogger(service: string, level: LogLevel, write?: (line: string) => void): Logger {
  const options = {
    level,
    base: { service },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: describeError, error: describeError },
    mixin: activeTraceIds,
  };
  return pino(options, scrubbing(write ?? standardOutput())) as Logger;
}

function standardOutput(): (line: string) => void {
  const out = destination({ fd: 1, sync: true });
  return (line) => out.write(line);
}

/** Lines below info are for a developer's eyes and stay whole. */
function scrubbing(write: (line: string) => void): DestinationStream {
  return {
    // pino then sets `lastLevel` before each write.
    [Symbol.for('pino.metadata')]: true,
    lastLevel: INFO,
    write(line: string) {
      write(this.lastLevel >= INFO ? scrubLine(line) : line);
    },
  } as DestinationStream & { lastLevel: number };
}
