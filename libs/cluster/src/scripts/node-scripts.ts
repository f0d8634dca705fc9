import { ACTS } from './acts.ts';
import { script, TIME } from './script.ts';

/**
 * KEYS: the node. ARGV: the fence that the caller holds or '', lease in milliseconds, record as JSON. A lease that
 * ran out, or that the store lost, is taken again with the caller's own fence: renewals that queued up while the store
 * hung must not make each other stale. A burial and a later start leave a higher one, which is what makes a caller stale.
 * The reply's last number is above 0 when the store had no record of the node.
 */
export const renew = script(
  TIME,
  String.raw`
local held, given, now = redis.call('HGET', KEYS[1], 'fence'), ARGV[1], now_us()
local fence = given
if given == '' then
  fence = int(math.max(now, tonumber(held or '0') + 1))
elseif held and tonumber(held) > tonumber(given) then
  return { 'STALE_EPOCH' }
end
local added = redis.call('HSET', KEYS[1], 'fence', fence, 'record', ARGV[3], 'renewedAtUs', int(now))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return { 'OK', fence, added }`,
);

/**
 * KEYS: the node, the leader's lease, the acts. ARGV: the fence of the start that is to be buried, how long to remember it
 * in milliseconds, the leader's fence, what it does. What stays has a fence and no record: no lease, but the start that comes back finds its fence passed.
 */
export const bury = script(
  TIME,
  ACTS,
  String.raw`
if not leads(KEYS[2], ARGV[3]) then return 'NOT_LEADING' end
if redis.call('HEXISTS', KEYS[1], 'record') == 1 then return 0 end
local held, given = tonumber(redis.call('HGET', KEYS[1], 'fence') or '0'), tonumber(ARGV[1])
if held <= given then redis.call('HSET', KEYS[1], 'fence', int(math.max(now_us(), given + 1))) end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
note_act(KEYS[3], ARGV[3], ARGV[4])
return 1`,
);

/** KEYS: the node. ARGV: fence. */
export const release = script(String.raw`
if redis.call('HGET', KEYS[1], 'fence') ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`);

/** KEYS: the counter of a node and beat. ARGV: its life in milliseconds. */
export const countAssignment = script(String.raw`
local count = redis.call('INCR', KEYS[1])
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return count`);
