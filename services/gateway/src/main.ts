// First: the other imports do not load under an older Node.js.
import './required-node.ts';
import {
  readConfig,
  type RunningService,
  runService,
  systemClock,
  systemIds,
  systemRandom,
} from '@skein/runtime';
import { createLogger, startTelemetry } from '@skein/telemetry';
import { ListenError } from './adapters/uws-server.ts';
import { startGateway } from './gateway.ts';
import { gatewaySettings } from './settings.ts';

/** Longest time to stop after the clients have moved. */
const STOP_DEADLINE_MS = 10_000;

async function start(): Promise<RunningService> {
  const settings = readConfig(gatewaySettings, process.env);
  const log = createLogger('gateway', settings.logLevel);
  const telemetry = await startTelemetry({ service: 'gateway' });
  const surroundings = { clock: systemClock, random: systemRandom, ids: systemIds, log };
  try {
    const gateway = await startGateway({ ...surroundings, settings });
    const { httpPort } = gateway;
    void gateway.connected.then((connected) => {
      if (connected) log.info({ event: 'ready', httpPort }, 'gateway is ready');
    });
    return {
      ended: gateway.ended,
      stopDeadlineMs: settings.drainDeadlineMs + STOP_DEADLINE_MS,
      stop: async (reason) => {
        await gateway.stop(reason);
        await telemetry.shutdown();
      },
    };
  } catch (error) {
    if (!(error instanceof ListenError)) throw error;
    log.fatal({ port: settings.port }, error.message);
    process.exit(1);
  }
}

await runService(createLogger('gateway', 'info'), start);
