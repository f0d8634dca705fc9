import { ConfigError, EXIT_CONFIG } from '../config.ts';

/** A started service, for its process. */
export interface RunningService {
  /** How long `stop` may take before the process ends anyway, ms. Default 10 000. */
  readonly stopDeadlineMs?: number;
  /** Stops accepting, waits for running work, frees all resources. Called once. */
  stop(reason: string): Promise<void>;
  /**
   * Resolves with a reason when the service has to end: `runService` stops it and exits 0. Rejects when it cannot continue:
   * `runService` stops it and exits 78 on a `ConfigError`, 1 on anything else.
   */
  readonly ended?: Promise<string> | undefined;
}

export interface ServiceLog {
  info(fields: object, message: string): void;
  fatal(fields: object, message: string): void;
}

const DEFAULT_STOP_DEADLINE_MS = 10_000;

/**
 * Runs a service as this process: starts it, stops it on SIGTERM or SIGINT (a second one ends it at once),
 * exits 78 with one line on a wrong configuration and 1 on any other failure to start or uncaught error.
 */
export async function runService(log: ServiceLog, start: () => Promise<RunningService>): Promise<void> {
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'an uncaught error ends the process');
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
    log.fatal({ err: error }, 'the service could not start');
    process.exit(1);
  }
  let stopping = false;
  const stop = (reason: string, exitCode = 0): void => {
    stopping = true;
    log.info({ event: 'service.stopping', reason }, 'the service is stopping');
    setTimeout(() => process.exit(1), running.stopDeadlineMs ?? DEFAULT_STOP_DEADLINE_MS).unref();
    running.stop(reason).then(
      () => process.exit(exitCode),
      (error: unknown) => {
        log.fatal({ err: error }, 'the service could not stop cleanly');
        process.exit(1);
      },
    );
  };
  const onSignal = (signal: string): void => {
    if (stopping) process.exit(1);
    stop(signal);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  try {
    const reason = await running.ended;
    if (reason !== undefined && !stopping) stop(reason);
  } catch (error) {
    const exitCode = error instanceof ConfigError ? EXIT_CONFIG : 1;
    if (error instanceof ConfigError) process.stderr.write(`${error.message}\n`);
    else log.fatal({ err: error }, 'the service cannot continue');
    if (!stopping) stop('cannot continue', exitCode);
  }
}
