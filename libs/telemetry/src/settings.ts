import { setting } from '@skein/runtime';
import { logLevels } from './logger.ts';

/** What a service that logs reads from its environment. */
export const logSettings = {
  logLevel: setting.oneOf('SKEIN_LOG_LEVEL', logLevels, {
    default: 'info',
    doc: 'The least level that is logged.',
  }),
};
