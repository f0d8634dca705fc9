import { readConfig, runService, systemClock } from '@skein/runtime';
import { createLogger, startTelemetry } from '@skein/telemetry';
import { startControl } from './control.ts';
import { controlSettings } from './settings.ts';

await runService(createLogger('control', 'info'), async () => {
  const config = readConfig(controlSettings, process.env);
  const telemetry = await startTelemetry({ service: 'control' });
  const control = await startControl({
    config,
    log: createLogger('control', config.logLevel),
    clock: systemClock,
  });
  return {
    stop: async (reason) => {
      await control.stop(reason);
      await telemetry.shutdown();
    },
  };
});
