import { Emitter, type Clock } from '@skein/runtime';
import { FakeClock } from '@skein/runtime/testing';
import type { SkeinError } from '@skein/protocol';
import type { LeaderLease } from '../leases/leader-lease.ts';
import type { NodeRegistry } from '../leases/node-registry.ts';
import type { ClusterStore, StoreStatus } from '../store/cluster-store.ts';
import type { RoomStore, StoreRecovery } from '../store/room-store.ts';
import { MemoryLeader } from './memory-leader.ts';
import { MemoryNodes } from './memory-nodes.ts';
import { MemoryRooms, type MemoryRoomsOptions } from './memory-rooms.ts';
import { StoreTime } from './store-time.ts';
import type { Sync } from './sync.ts';

/** A call of the store, such as `rooms.place` or `nodes.renew`. */
export type StoreCall = `${'rooms' | 'nodes' | 'leader'}.${string}`;

export interface MemoryStoreOptions extends MemoryRoomsOptions {
  /** Leases run out by it. Default: a clock that stands still. */
  readonly clock?: Clock;
}

export interface MemoryConnectionOptions {
  /** Runs before each call. The call fails with what it throws, and waits for it. */
  readonly beforeCall?: (call: StoreCall) => void | Promise<void>;
  /** Default: as the store's own. */
  readonly status?: () => StoreStatus;
}

/**
 * The store in memory, for tests: rooms, nodes and the leader lease with the refusals, fences and versions of the one in
 * Redis, held to the same contract suites (`testing/contract`). `inside` has the same calls, answered at once, and what only
 * a test does to a store.
 */
export class MemoryStore implements ClusterStore {
  /** The calls themselves, past `failure` and without promises. */
  readonly inside: {
    readonly rooms: MemoryRooms;
    readonly nodes: MemoryNodes;
    readonly leader: MemoryLeader;
  };
  readonly rooms: RoomStore;
  readonly nodes: NodeRegistry;
  readonly leader: LeaderLease;
  /** Every call so far, in order. */
  readonly calls: StoreCall[] = [];
  /** While set, every call fails with it and the store counts as disconnected. */
  failure: SkeinError | undefined;
  readonly #events = new Emitter<{ recovered: StoreRecovery }>((error) => {
    throw error;
  });

  constructor(options: MemoryStoreOptions = {}) {
    const time = new StoreTime(options.clock ?? new FakeClock());
    const leader = new MemoryLeader(time);
    const nodes = new MemoryNodes(time, leader);
    const rooms = new MemoryRooms({ time, leader }, options);
    this.inside = { rooms, nodes, leader };
    ({ rooms: this.rooms, nodes: this.nodes, leader: this.leader } = this.connect());
  }

  get status(): StoreStatus {
    return { state: this.failure ? 'disconnected' : 'connected', sinceMs: 0 };
  }

  /** One more process' connection to this store. */
  connect({ beforeCall, status = () => this.status }: MemoryConnectionOptions = {}): ClusterStore {
    const before = async (call: StoreCall): Promise<void> => {
      this.calls.push(call);
      await beforeCall?.(call);
      if (this.failure) throw this.failure;
    };
    const { rooms, nodes, leader } = this.inside;
    const onRecovered: RoomStore['onRecovered'] = (listener) => this.#events.on('recovered', listener);
    return {
      rooms: Object.assign(answeredLater<RoomStore>('rooms', rooms, before), { onRecovered }),
      nodes: answeredLater<NodeRegistry>('nodes', nodes, before),
      leader: answeredLater<LeaderLease>('leader', leader, before),
      get status() {
        return status();
      },
      close: async () => {},
    };
  }

  /** Everything is gone, as after a restart of a store that keeps nothing. */
  lose(): void {
    for (const part of Object.values(this.inside)) part.lose();
  }

  /** Tells all listeners that the store answers again. */
  recover(recovery: StoreRecovery): void {
    this.#events.emit('recovered', recovery);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** The same calls, each of which waits for `before` and answers by a promise. */
function answeredLater<Calls extends object>(
  part: 'rooms' | 'nodes' | 'leader',
  calls: Sync<Omit<Calls, 'onRecovered'>>,
  before: (call: StoreCall) => Promise<void>,
): Calls {
  const replaced = new Map<string | symbol, unknown>();
  return new Proxy(calls, {
    get: (target, name) => {
      if (replaced.has(name)) return replaced.get(name);
      const call: unknown = Reflect.get(target, name);
      if (typeof call !== 'function') return call;
      return async (...args: readonly unknown[]): Promise<unknown> => {
        await before(`${part}.${String(name)}`);
        return Reflect.apply(call, target, args) as unknown;
      };
    },
    // A test replaces single calls.
    set: (_, name, value) => !!replaced.set(name, value),
  }) as unknown as Calls;
}
