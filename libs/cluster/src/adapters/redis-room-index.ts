import type { Logger } from '@skein/telemetry';
import { addRoom, pageRooms, removeRoom } from '../scripts/index-scripts.ts';
import { keys } from '../scripts/keys.ts';
import type { RedisConnection } from './redis-connection.ts';

/**
 * The names of all rooms. It lies outside the rooms' slots, so it follows what their scripts did and is only a hint:
 * a reader checks each name, and drops one that is no room any more unless that name was entered again since.
 */
export class RoomIndex {
  readonly #redis: RedisConnection;
  readonly #log: Logger;
  readonly #late = new Set<Promise<void>>();

  constructor(redis: RedisConnection, log: Logger) {
    this.#redis = redis;
    this.#log = log;
  }

  /** Enters a room. Never fails: each placement enters it again, so a lost entry comes back. */
  async add(room: string, born: string): Promise<void> {
    await this.#quietly(room, () => this.#redis.run(addRoom, keys.roomIndex, [room, born]));
  }

  /** The same without waiting; `settled` waits for it. */
  addLater(room: string, born: string): void {
    const adding = this.add(room, born).finally(() => this.#late.delete(adding));
    this.#late.add(adding);
  }

  /** Takes out a room that is gone, unless it was made again since. Never fails: listing drops what stayed. */
  async remove(room: string, born: string): Promise<void> {
    await this.#quietly(room, () => this.#redis.run(removeRoom, keys.roomIndex, [room, born]));
  }

  /** Names after `after` in byte order, with the births they were entered with; some may be no rooms any more. */
  async page(after: string | undefined, size: number): Promise<{ room: string; born: string }[]> {
    const flat = (await this.#redis.run(pageRooms, keys.roomIndex, [
      after === undefined ? '-' : `(${after}`,
      size,
    ])) as string[];
    return Array.from({ length: flat.length / 2 }, (_, at) => ({
      room: flat[2 * at] ?? '',
      born: flat[2 * at + 1] ?? '0',
    }));
  }

  async settled(): Promise<void> {
    await Promise.all(this.#late);
  }

  async #quietly(room: string, write: () => Promise<unknown>): Promise<void> {
    try {
      await write();
    } catch (error) {
      this.#log.warn({ err: error, room }, 'the index of rooms could not be written; it mends itself');
    }
  }
}
