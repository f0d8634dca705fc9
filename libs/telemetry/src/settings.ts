import { setting } from '@skein/runtime';
import { logLevels } from './logger.ts';

/** Settings of a service that logs. */
export const logSettings = {
  logLevel: setting.oneOf('SKEIN_LOG_LEVEL', logLevels, {
    default: 'info',
    doc: 'Minimum level of log lines.',
  }),
};
