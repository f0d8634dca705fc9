import { script, TIME, writeScript } from './script.ts';

/**
 * The leader lease: holder, fence, untilUs. The key never expires, so that the fence only rises; the store's clock decides
 * whether the lease has run out.
 */

/** KEYS: the lease. ARGV: holder, lease in milliseconds. */
export const hold = writeScript(
  String.raw`
local holder, fence, until_us = unpack(redis.call('HMGET', KEYS[1], 'holder', 'fence', 'untilUs'))
local now = now_us()
local held = holder and tonumber(until_us) > now
if held and holder ~= ARGV[1] then return { 'HELD' } end
if not held then fence = int(math.max(now, tonumber(fence or '0') + 1)) end
redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'fence', fence, 'untilUs', int(now + 1000 * tonumber(ARGV[2])))
return { 'OK', fence }`,
);

/** KEYS: the lease, the audit log. Answers with holder, fence and whether the lease is held, then the log, the oldest first. */
export const view = script(
  TIME,
  String.raw`
local holder, fence, until_us = unpack(redis.call('HMGET', KEYS[1], 'holder', 'fence', 'untilUs'))
local held = holder and tonumber(until_us) > now_us()
return { holder or '', fence or '0', held and 1 or 0, redis.call('XRANGE', KEYS[2], '-', '+') }`,
);

/** KEYS: the lease. ARGV: holder. */
export const release = writeScript(String.raw`
if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] then return 0 end
return redis.call('HSET', KEYS[1], 'untilUs', '0')`);
