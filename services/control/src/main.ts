import { readConfig, runService, systemClock } from '@skein/runtime';
import { createLogger } from '@skein/telemetry';
import { startControl } from './control.ts';
import { settings } from './settings.ts';

await runService(createLogger('control', 'info'), async () => {
  const config = readConfig(settings, process.env);
  return await startControl({ config, log: createLogger('control', config.logLevel), clock: systemClock });
});
