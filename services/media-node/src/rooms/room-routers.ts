import { SkeinError } from '@skein/protocol';
import { CapacityError } from '../capacity/limits.ts';
import type { MediaRouter, RouterSlot } from '../media/engine.ts';
import { PipeError } from '../pipes/model/pipe-errors.ts';
import { chooseWorker, type WorkerPolicy } from '../workers/worker-choice.ts';
import type { WorkerPool } from '../workers/worker-pool.ts';

interface RoomRouter {
  readonly workerIndex: number;
  readonly created: Promise<MediaRouter>;
  router: MediaRouter | undefined;
  /** Counts the router at its worker. */
  counted: Disposable | undefined;
  /** Sessions of the room on it. */
  sessions: number;
}

/** One room's routers on this node, at most one per worker. */
export class RoomRouters {
  readonly #pool: WorkerPool;
  readonly #policy: WorkerPolicy;
  readonly #onChange: () => void;
  /** In order of creation: the first is the hub. */
  readonly #routers = new Map<number, RoomRouter>();
  #closed = false;

  constructor(pool: WorkerPool, policy: WorkerPolicy, onChange: () => void) {
    this.#pool = pool;
    this.#policy = policy;
    this.#onChange = onChange;
  }

  /** The router through which tracks of other nodes enter. */
  get hub(): string | undefined {
    return this.ids[0];
  }

  get ids(): readonly string[] {
    return [...this.#routers.values()].flatMap(({ router }) => (router ? [router.id] : []));
  }

  /** A place on the best worker that has capacity for that many transports. Fails `UNAVAILABLE` when no worker runs, `LIMIT_EXCEEDED` when all are full. */
  async takeSlot({ transports }: { readonly transports: number }): Promise<RouterSlot> {
    const workers = this.#pool.views((worker) => this.#routers.get(worker)?.sessions, transports);
    const index = chooseWorker(workers, this.#policy);
    if (index === undefined && workers.some(({ running }) => running)) throw CapacityError.workersFull();
    if (index === undefined) throw SkeinError.unavailable('the media worker', undefined, 500);
    // Counted before anything is awaited, so that a burst of sessions spreads.
    const room = this.#routerOn(index);
    const counted = this.#pool.addSession(index);
    room.sessions++;
    let taken = true;
    const giveBack = (): void => {
      if (!taken) return;
      taken = false;
      counted[Symbol.dispose]();
      room.sessions--;
    };
    try {
      const router = await room.created;
      return { router, [Symbol.dispose]: giveBack };
    } catch (error) {
      giveBack();
      throw error;
    }
  }

  /** Fails `PIPE_FAILED` when the router is gone. */
  get(routerId: string): MediaRouter {
    const found = [...this.#routers.values()].find(({ router }) => router?.id === routerId)?.router;
    if (!found) throw PipeError.routerGone(routerId);
    return found;
  }

  /** Forgets the router of a worker that died; returns its id. */
  lost(workerIndex: number): string | undefined {
    const lost = this.#routers.get(workerIndex);
    this.#forget(workerIndex, lost);
    return lost?.router?.id;
  }

  close(): void {
    this.#closed = true;
    for (const [index, room] of this.#routers) {
      room.router?.close();
      this.#forget(index, room);
    }
  }

  #routerOn(index: number): RoomRouter {
    const present = this.#routers.get(index);
    if (present) return present;
    const room: RoomRouter = {
      ...{ workerIndex: index, router: undefined, counted: undefined, sessions: 0 },
      created: this.#create(index),
    };
    this.#routers.set(index, room);
    room.created.then(
      (router) => this.#onCreated(room, router),
      () => this.#forget(index, room),
    );
    return room;
  }

  async #create(index: number): Promise<MediaRouter> {
    const router = await this.#pool.createRouter(index);
    if (!this.#closed) return router;
    router.close();
    throw SkeinError.unavailable('the room');
  }

  #onCreated(room: RoomRouter, router: MediaRouter): void {
    // The worker may have died, or the room closed, between the answer and now.
    if (this.#routers.get(room.workerIndex) !== room) return router.close();
    room.router = router;
    room.counted = this.#pool.addRouter(room.workerIndex);
    this.#onChange();
  }

  #forget(index: number, room: RoomRouter | undefined): void {
    if (!room || this.#routers.get(index) !== room) return;
    this.#routers.delete(index);
    room.counted?.[Symbol.dispose]();
    this.#onChange();
  }
}
