// First: what follows does not load under an older Node.js.
import './required-node.ts';
import { natsServers } from '@skein/bus';
import { storeAddress } from '@skein/cluster';
import { readConfig, runService, systemClock } from '@skein/runtime';
import { createLogger, startTelemetry } from '@skein/telemetry';
import { startControl } from './control.ts';
import { controlSettings, detectionOf } from './settings.ts';

await runService(createLogger('control', 'info'), async () => {
  const settings = readConfig(controlSettings, process.env);
  const config = { ...settings, natsUrl: natsServers(settings), redisUrl: storeAddress(settings) };
  detectionOf(settings);
  const telemetry = await startTelemetry({ service: 'control' });
  const control = await startControl({
    config,
    log: createLogger('control', config.logLevel),
    clock: systemClock,
  });
  return {
    ended: control.ended,
    stop: async (reason) => {
      await control.stop(reason);
      await telemetry.shutdown();
    },
  };
});
