import { describe } from 'vitest';
import { storeContract } from '../testing/contract/store-contract.ts';
import { useRedis } from '../testing/redis-store.ts';

describe('the store in Redis', () => {
  storeContract(useRedis);
});
