import { setting } from '@skein/runtime';

/** What a service that uses the store reads from its environment. */
export const storeSettings = {
  redisUrl: setting.url('SKEIN_REDIS_URL', ['redis:', 'rediss:'], {
    default: 'redis://127.0.0.1:6379',
    doc: 'The Redis server of the cluster.',
    secret: true,
  }),
};
