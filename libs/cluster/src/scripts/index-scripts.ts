import { script } from './script.ts';

/**
 * The index of rooms, in a slot of its own. KEYS: names (sorted set, all scores 0, so that it pages in byte order),
 * births (hash: name -> version at which the room was made). It is written after the room's own script, so it may be
 * late: an entry goes only if no younger room of that name has been entered since.
 */

/** ARGV: name, birth. */
export const addRoom = script(String.raw`
local born = redis.call('HGET', KEYS[2], ARGV[1])
if not born or tonumber(born) < tonumber(ARGV[2]) then redis.call('HSET', KEYS[2], ARGV[1], ARGV[2]) end
return redis.call('ZADD', KEYS[1], 0, ARGV[1])`);

/** ARGV: name, birth of the room that is gone. */
export const removeRoom = script(String.raw`
local born = redis.call('HGET', KEYS[2], ARGV[1])
if born and tonumber(born) > tonumber(ARGV[2]) then return 0 end
redis.call('HDEL', KEYS[2], ARGV[1])
return redis.call('ZREM', KEYS[1], ARGV[1])`);

/** ARGV: lower bound as of ZRANGEBYLEX, size. Answers name, birth, name, birth, … */
export const pageRooms = script(String.raw`
local reply = {}
for i, name in ipairs(redis.call('ZRANGEBYLEX', KEYS[1], ARGV[1], '+', 'LIMIT', 0, ARGV[2])) do
  reply[2 * i - 1], reply[2 * i] = name, redis.call('HGET', KEYS[2], name) or '0'
end
return reply`);
