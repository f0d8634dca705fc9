import type { Logger } from '@skein/telemetry';
import { keys } from '../scripts/keys.ts';
import { forget } from '../scripts/room-scripts.ts';
import { isWrongType, type RedisConnection } from './redis-connection.ts';

const SCAN_COUNT = 1000;

/** The names of all rooms. The scripts of each room write it; listing drops names without a room. */
export class RoomIndex {
  readonly #redis: RedisConnection;
  readonly #log: Logger;

  constructor(redis: RedisConnection, log: Logger) {
    this.#redis = redis;
    this.#log = log;
  }

  /** Up to `size` names after `after` in byte order, some of which may have no room, and the start of the next page. */
  async page(
    after: string | Buffer | undefined,
    size: number,
  ): Promise<{ readonly names: readonly string[]; readonly next: Buffer | undefined }> {
    const min = after === undefined ? '-' : Buffer.concat([Buffer.from('('), Buffer.from(after)]);
    const command = ['ZRANGEBYLEX', keys.rooms, min, '+', 'LIMIT', 0, size] as const;
    const [found] = await this.#redis.readEach([command]);
    if (isWrongType(found)) {
      await this.#rebuild();
      return await this.page(after, size);
    }
    if (found instanceof Error) throw found;
    const raw = found as readonly Buffer[];
    const names = raw.map((name) => name.toString());
    const unreadable = raw.filter((name, at) => !name.equals(Buffer.from(names[at] ?? '')));
    if (unreadable.length > 0) {
      await this.#redis.call(['ZREM', keys.rooms, ...unreadable]);
      this.#log.warn({ count: unreadable.length }, 'removed names that are not text from the index of rooms');
    }
    return { names: names.filter((_, at) => !unreadable.includes(raw[at] as Buffer)), next: raw.at(-1) };
  }

  /** Removes a name whose room is gone, unless the room was created again. */
  async forget(room: string): Promise<void> {
    await this.#redis.run(forget, keys.room(room), [room]);
  }

  /** The index was replaced by another type: finds the rooms by their keys. */
  async #rebuild(): Promise<void> {
    await this.#redis.call(['DEL', keys.rooms]);
    let cursor = '0';
    let count = 0;
    do {
      const scan = ['SCAN', cursor, 'MATCH', keys.anyRoomMeta, 'COUNT', SCAN_COUNT] as const;
      const [next, found] = (await this.#redis.call(scan)) as [string, string[]];
      const names = found.flatMap((key) => keys.roomOfMeta(key) ?? []);
      if (names.length > 0)
        await this.#redis.call(['ZADD', keys.rooms, ...names.flatMap((name) => ['0', name])]);
      [cursor, count] = [next, count + names.length];
    } while (cursor !== '0');
    this.#log.warn({ rooms: count }, 'the index of rooms was damaged; rebuilt it from the rooms');
  }
}
