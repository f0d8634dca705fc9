import { SkeinError } from '@skein/protocol';
import { CapacityError } from '../capacity/limits.ts';
import type { MediaRouter } from '../media/engine.ts';
import { PipeError } from '../pipes/model/pipe-errors.ts';
import type { Seat } from '../sessions/session-room.ts';
import { chooseWorker, type WorkerPolicy } from '../workers/worker-choice.ts';
import type { WorkerPool } from '../workers/worker-pool.ts';

interface RoomRouter {
  readonly workerIndex: number;
  readonly made: Promise<MediaRouter>;
  router: MediaRouter | undefined;
  /** Sessions of the room on it. */
  seats: number;
}

/** One room's routers on this node, at most one per worker. */
export class RoomRouters {
  readonly #pool: WorkerPool;
  readonly #policy: WorkerPolicy;
  readonly #onChange: () => void;
  /** In the order in which they were made: the first is the hub. */
  readonly #routers = new Map<number, RoomRouter>();
  #closed = false;

  constructor(pool: WorkerPool, policy: WorkerPolicy, onChange: () => void) {
    this.#pool = pool;
    this.#policy = policy;
    this.#onChange = onChange;
  }

  get ids(): readonly string[] {
    return [...this.#routers.values()].flatMap(({ router }) => (router ? [router.id] : []));
  }

  /** A place on the worker that fits best. Fails `UNAVAILABLE` when no worker runs, `LIMIT_EXCEEDED` when all are full. */
  async takeSeat(): Promise<Seat> {
    const workers = this.#pool.views((worker) => this.#routers.get(worker)?.seats);
    const index = chooseWorker(workers, this.#policy);
    const slot = index === undefined ? undefined : this.#pool.slot(index);
    if (!slot && workers.some(({ running }) => running)) throw CapacityError.workersFull();
    if (!slot) throw SkeinError.unavailable('the media worker', undefined, 500);
    // Counted before anything is awaited, so that a burst of sessions spreads.
    const room = this.#routerOn(slot.index);
    slot.sessions++;
    room.seats++;
    let seated = true;
    const giveBack = (): void => {
      if (!seated) return;
      seated = false;
      slot.sessions--;
      room.seats--;
    };
    try {
      const router = await room.made;
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
      ...{ workerIndex: index, router: undefined, seats: 0 },
      made: this.#make(index),
    };
    this.#routers.set(index, room);
    room.made.then(
      (router) => this.#made(room, router),
      () => this.#forget(index, room),
    );
    return room;
  }

  async #make(index: number): Promise<MediaRouter> {
    const router = await this.#pool.createRouter(index);
    if (!this.#closed) return router;
    router.close();
    throw SkeinError.unavailable('the room');
  }

  #made(room: RoomRouter, router: MediaRouter): void {
    // The worker may have died, or the room closed, between the answer and now.
    if (this.#routers.get(room.workerIndex) !== room) return router.close();
    room.router = router;
    const slot = this.#pool.slot(room.workerIndex);
    if (slot) slot.routers++;
    this.#onChange();
  }

  #forget(index: number, room: RoomRouter | undefined): void {
    if (!room || this.#routers.get(index) !== room) return;
    this.#routers.delete(index);
    const slot = this.#pool.slot(index);
    if (room.router && slot) slot.routers--;
    this.#onChange();
  }
}
