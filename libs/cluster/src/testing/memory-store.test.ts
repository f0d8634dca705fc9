import { FakeClock } from '@skein/runtime/testing';
import { beforeAll, beforeEach, describe } from 'vitest';
import { storeContract } from './contract/store-contract.ts';
import type { StoreUnderTest } from './contract/store-under-test.ts';
import { MemoryStore } from './memory-store.ts';

describe('the store in memory', () => {
  storeContract(useMemory);
});

function useMemory(onReady: (test: StoreUnderTest) => void): void {
  const store = new MemoryStore({ clock: new FakeClock() });
  beforeAll(() => onReady(underTest(store)));
  beforeEach(() => store.lose());
}

function underTest(store: MemoryStore): StoreUnderTest {
  const { rooms, nodes, leader } = store.inside;
  return {
    store,
    connect: async () => store.connect(),
    lose: async (room) => (room === undefined ? store.lose() : rooms.lose(room)),
    isEmpty: async () => rooms.isEmpty,
    hosts: async (room) => rooms.hosts(room),
    expireNode: async (nodeId) => nodes.expire(nodeId),
    expireLeader: async () => leader.expire(),
    corruptTracks: async (room) => rooms.corrupt(room),
  };
}
