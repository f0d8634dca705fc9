import { ConfigError, EXIT_CONFIG } from '../config.ts';

/** A started service, as its process sees it. */
export interface RunningService {
  /** Stops accepting, lets running work end, frees everything. Called once. */
  stop(reason: string): Promise<void>;
}

export interface ServiceLog {
  info(fields: object, message: string): void;
  fatal(fields: object, message: string): void;
}

const STOP_DEADLINE_MS = 10_000;

/**
 * Runs a service as this process: starts it, stops it on SIGTERM or SIGINT (a second one ends it at once),
 * exits 78 with one line on a wrong configuration and 1 on any other failure to start or uncaught error.
 */
export async function runService(log: ServiceLog, start: () => Promise<RunningService>): Promise<void> {
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'uncaught error; exiting');
    process.exit(1);
  });
  let running: RunningService;
  try {
    running = await start();
  } catch (error) {
    if (error instanceof ConfigError) {
      process.stderr.write(`${error.message}\n`);
      process.exit(EXIT_CONFIG);
    }
    log.fatal({ err: error }, 'could not start');
    process.exit(1);
  }
  let stopping = false;
  const stop = (signal: string): void => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, 'stopping');
    setTimeout(() => process.exit(1), STOP_DEADLINE_MS).unref();
    running.stop(signal).then(
      () => process.exit(0),
      (error: unknown) => {
        log.fatal({ err: error }, 'could not stop cleanly');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
}
