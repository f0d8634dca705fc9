import { setting } from '@skein/runtime';
import { readStoreAddress, STORE_ADDRESS_ALLOWED } from './store-address.ts';

/** What a service that uses the store reads from its environment. */
export const storeSettings = {
  redisUrl: setting.checked(
    'SKEIN_REDIS_URL',
    { check: readStoreAddress, allowed: STORE_ADDRESS_ALLOWED },
    {
      default: 'redis://127.0.0.1:6379',
      doc: 'The Redis server of the cluster, or the sentinels that name it.',
      secret: true,
    },
  ),
};
