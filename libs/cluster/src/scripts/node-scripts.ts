import { AUDIT_LOG } from './audit-log.ts';
import { script, TIME, writeScript } from './script.ts';

/** How long the fence of a start that is gone is kept, so that a start that comes back learns of its eviction. */
const REMEMBERED_US = 3_600_000_000;

/**
 * All of the registry lies in one slot, so that one command reads it. KEYS, in this order:
 * 1 abouts: the record of each node with a lease, as JSON, without what changes at each renewal
 * 2 reports: `fence renewedAtUs beat load`, the load as JSON
 * 3 leases: until when, in microseconds
 * 4 fences, also of nodes that are gone
 * 5 changes: the version of each node's last change, also of nodes that are gone
 * 6 forget: when what is left of nodes that are gone is dropped
 * 7 meta: version; floor, below which changes have been dropped
 * The next call removes a lease that has run out, so that this counts as a change like any other. Versions are
 * microseconds, as everywhere, so that they rise even over a store that lost everything.
 */
const REGISTRY = String.raw`
local now = now_us()
local version = tonumber(redis.call('HGET', KEYS[7], 'version') or '0')
if version == 0 then
  version = now
  redis.call('HSET', KEYS[7], 'version', int(now), 'floor', int(now))
end
local function changed(id)
  version = math.max(now, version + 1)
  redis.call('ZADD', KEYS[5], int(version), id)
  redis.call('HSET', KEYS[7], 'version', int(version))
end
local function gone(id)
  redis.call('ZREM', KEYS[3], id)
  redis.call('HDEL', KEYS[1], id)
  redis.call('HDEL', KEYS[2], id)
  redis.call('ZADD', KEYS[6], int(now + ${REMEMBERED_US}), id)
  changed(id)
end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', int(now))) do gone(id) end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[6], '-inf', int(now), 'LIMIT', 0, 100)) do
  local floor = math.max(tonumber(redis.call('HGET', KEYS[7], 'floor')), tonumber(redis.call('ZSCORE', KEYS[5], id) or '0'))
  redis.call('HSET', KEYS[7], 'floor', int(floor))
  redis.call('ZREM', KEYS[6], id)
  redis.call('ZREM', KEYS[5], id)
  redis.call('HDEL', KEYS[4], id)
end`;

/**
 * ARGV: id, the fence that the caller holds or '', lease in milliseconds, about, beat and load. A lease that
 * ran out, or that the store lost, is renewed with the caller's own fence: renewals that queued up while the store hung must
 * not make each other stale. An eviction and a later start raise the fence, which makes the caller stale. A first renewal
 * that runs late would take a higher fence than the one that its own process has received since.
 */
export const renew = writeScript(
  REGISTRY,
  String.raw`
local id, given = ARGV[1], ARGV[2]
local held, fence = redis.call('HGET', KEYS[4], id), given
if given == '' then
  fence = int(math.max(now, tonumber(held or '0') + 1))
elseif held and tonumber(held) > tonumber(given) then
  return { 'STALE_EPOCH' }
end
if held ~= fence then redis.call('HSET', KEYS[4], id, fence) end
if held ~= fence or redis.call('HGET', KEYS[1], id) ~= ARGV[4] then
  redis.call('HSET', KEYS[1], id, ARGV[4])
  redis.call('ZREM', KEYS[6], id)
  changed(id)
end
redis.call('HSET', KEYS[2], id, fence .. ' ' .. int(now) .. ' ' .. ARGV[5])
redis.call('ZADD', KEYS[3], int(now + 1000 * tonumber(ARGV[3])), id)
return { 'OK', fence }`,
);

/**
 * ARGV: the version of the reader's last reading or '', 1 for the reports of all. Answers with the time, the version, 1 for
 * all nodes or 0 for changes, then id and about of each (empty when it is gone), then id and report of these, or of all.
 */
export const read = script(
  TIME,
  REGISTRY,
  String.raw`
local since = tonumber(ARGV[1])
local whole = not since or since > version or since < tonumber(redis.call('HGET', KEYS[7], 'floor'))
local nodes, reports = {}, {}
if whole then
  nodes = redis.call('HGETALL', KEYS[1])
elseif since < version then
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[5], '(' .. ARGV[1], '+inf')) do
    nodes[#nodes + 1] = id
    nodes[#nodes + 1] = redis.call('HGET', KEYS[1], id) or ''
  end
end
if whole or ARGV[2] == '1' then
  reports = redis.call('HGETALL', KEYS[2])
else
  for at = 1, #nodes, 2 do
    reports[#reports + 1] = nodes[at]
    reports[#reports + 1] = redis.call('HGET', KEYS[2], nodes[at]) or ''
  end
end
return { int(now), int(version), whole and 1 or 0, nodes, reports }`,
);

/**
 * KEYS: the registry, then the leader lease, the audit log. ARGV: id, the fence of the start to evict, the leader's fence,
 * the text for the audit log, 1 to revoke the lease if that start still holds it. The raised fence stays, so that a start that
 * comes back learns of its eviction.
 */
export const evict = script(
  TIME,
  REGISTRY,
  AUDIT_LOG,
  String.raw`
if not leads(KEYS[8], ARGV[3]) then return 'NOT_LEADING' end
local id = ARGV[1]
if redis.call('ZSCORE', KEYS[3], id) then
  if ARGV[5] ~= '1' or redis.call('HGET', KEYS[4], id) ~= ARGV[2] then return 0 end
  gone(id)
end
local held, given = tonumber(redis.call('HGET', KEYS[4], id) or '0'), tonumber(ARGV[2])
if held <= given then redis.call('HSET', KEYS[4], id, int(math.max(now, given + 1))) end
redis.call('ZADD', KEYS[6], int(now + ${REMEMBERED_US}), id)
record_action(KEYS[9], ARGV[3], ARGV[4])
return 1`,
);

/** ARGV: id, fence. */
export const release = script(
  TIME,
  REGISTRY,
  String.raw`
if redis.call('HGET', KEYS[4], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[4], ARGV[1])
gone(ARGV[1])
return 1`,
);

/** KEYS: the counter of a node and beat. ARGV: its life in milliseconds. One that runs late counts for a beat that has passed. */
export const countAssignment = script(String.raw`
local count = redis.call('INCR', KEYS[1])
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return count`);

/** KEYS: any. ARGV: its type. Removes a value of another type. */
export const discardUnless = script(String.raw`
local kind = redis.call('TYPE', KEYS[1]).ok
if kind == 'none' or kind == ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`);
