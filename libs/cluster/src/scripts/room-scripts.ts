import { script, TIME } from './script.ts';

/** Log entries kept for those who missed some; a few more may be there, as Redis trims whole blocks. */
const LOG_LENGTH = 512;

/**
 * A room's keys, all in one slot. `meta`: version, born (its first version). `members`: identity -> JSON. `tracks`:
 * track id -> JSON, ending in `"muted":…}`. `hosts`: node id -> number of members. `owned`: identity -> its track ids,
 * with a space around each. `log`: stream, one entry per version.
 */
const ROOM = String.raw`
local meta, members, tracks, hosts, owned, log = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]

local function member_of(identity)
  local json = redis.call('HGET', members, identity)
  return json and cjson.decode(json) or nil, json
end
local function append(version, change)
  redis.call('HSET', meta, 'version', int(version))
  redis.call('XADD', log, 'MAXLEN', '~', ${LOG_LENGTH}, int(version) .. '-0', 'c', change)
  return int(version)
end
local function next_version()
  return tonumber(redis.call('HGET', meta, 'version')) + 1
end
local function owned_by(identity)
  return redis.call('HGET', owned, identity) or ' '
end
local function owns(list, id)
  return string.find(list, ' ' .. id .. ' ', 1, true)
end
local function drop_tracks(identity)
  for id in string.gmatch(owned_by(identity), '%S+') do redis.call('HDEL', tracks, id) end
  redis.call('HDEL', owned, identity)
end
local function leave_host(node)
  if redis.call('HINCRBY', hosts, node, -1) <= 0 then redis.call('HDEL', hosts, node) end
end`;

/**
 * ARGV: identity, the member's JSON up to its node (open), participant limit, wished node, fallback node, open nodes
 * (with a space around each). One long argument rather than a list: looking the few hosts up in it costs microseconds
 * with 1000 nodes, where a table of them would have to be made for each join.
 */
export const place = script(
  TIME,
  ROOM,
  String.raw`
local identity, opening, limit, wished, fallback, open = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5], ARGV[6]
local old, old_json = member_of(identity)
if not old and redis.call('HLEN', members) >= limit then return { 'ROOM_FULL' } end

local node, most = nil, 0
local flat = redis.call('HGETALL', hosts)
for i = 1, #flat, 2 do
  local host, count = flat[i], tonumber(flat[i + 1])
  if old and old.nodeId == host then count = count - 1 end
  local more = count > most or (count == most and node and host < node)
  if count > 0 and more and owns(open, host) then node, most = host, count end
end
if wished ~= '' then node = wished end
if not node and fallback ~= '' then node = fallback end
if not node then return { 'NO_NODE_AVAILABLE' } end

local now = now_us()
local epoch, joined_at = now, math.floor(now / 1000)
if old then
  epoch, joined_at = math.max(now, old.epoch + 1), old.joinedAtMs
  drop_tracks(identity)
  leave_host(old.nodeId)
end
local born = redis.call('HGET', meta, 'born')
local created = not born
if created then
  born = int(now)
  redis.call('HSET', meta, 'born', born)
end
local member = opening .. ',"nodeId":' .. cjson.encode(node) .. ',"epoch":' .. int(epoch) .. ',"joinedAtMs":' .. int(joined_at) .. '}'
redis.call('HSET', members, identity, member)
redis.call('HINCRBY', hosts, node, 1)
local version = append(created and now or next_version(), '{"type":"participantJoined","participant":' .. member .. '}')
return { 'OK', version, born, created and 1 or 0, member, old_json or '', redis.call('HVALS', members), redis.call('HVALS', tracks) }`,
);

/** ARGV: identity, session id, epoch, track id, track as JSON, change as JSON, track limit. */
export const publishTrack = script(
  TIME,
  ROOM,
  String.raw`
local identity, id, json = ARGV[1], ARGV[4], ARGV[5]
local member = member_of(identity)
if not member then return { 'SESSION_NOT_FOUND' } end
if member.sessionId ~= ARGV[2] or member.epoch ~= tonumber(ARGV[3]) then return { 'STALE_EPOCH' } end
local mine = owned_by(identity)
local stored = redis.call('HGET', tracks, id)
if stored == json then return { 'SAME' } end
if not owns(mine, id) then
  if stored then return { 'TRACK_TAKEN' } end
  local _, count = string.gsub(mine, '%S+', '')
  if count >= tonumber(ARGV[7]) then return { 'LIMIT_EXCEEDED' } end
  redis.call('HSET', owned, identity, mine .. id .. ' ')
end
redis.call('HSET', tracks, id, json)
return { 'OK', append(next_version(), ARGV[6]) }`,
);

/** ARGV: identity, epoch, track id, `true` or `false`, change as JSON. */
export const updateTrack = script(
  TIME,
  ROOM,
  String.raw`
local identity, id = ARGV[1], ARGV[3]
local member = member_of(identity)
if not member or member.epoch ~= tonumber(ARGV[2]) then return { 'STALE_EPOCH' } end
local stored = redis.call('HGET', tracks, id)
if not stored or not owns(owned_by(identity), id) then return { 'TRACK_NOT_FOUND' } end
local json = string.gsub(stored, '%a+}$', ARGV[4] .. '}')
if stored == json then return { 'SAME' } end
redis.call('HSET', tracks, id, json)
return { 'OK', append(next_version(), ARGV[5]) }`,
);

/** ARGV: identity, epoch, track id, change as JSON. */
export const unpublishTrack = script(
  TIME,
  ROOM,
  String.raw`
local identity, id = ARGV[1], ARGV[3]
local member = member_of(identity)
if not member then return { 'SAME' } end
if member.epoch ~= tonumber(ARGV[2]) then return { 'STALE_EPOCH' } end
local mine = owned_by(identity)
local at, to = owns(mine, id)
if not at then return { 'SAME' } end
redis.call('HDEL', tracks, id)
redis.call('HSET', owned, identity, string.sub(mine, 1, at) .. string.sub(mine, to + 1))
return { 'OK', append(next_version(), ARGV[4]) }`,
);

/** ARGV: identity, epoch, change as JSON. Answers with the room's birth when it is gone. */
export const leave = script(
  TIME,
  ROOM,
  String.raw`
local identity = ARGV[1]
local member = member_of(identity)
if not member or member.epoch ~= tonumber(ARGV[2]) then return { 'SAME' } end
redis.call('HDEL', members, identity)
drop_tracks(identity)
leave_host(member.nodeId)
if redis.call('HLEN', members) > 0 then return { 'OK', append(next_version(), ARGV[3]) } end
local version, born = int(next_version()), redis.call('HGET', meta, 'born')
redis.call('DEL', unpack(KEYS))
return { 'OK', version, born }`,
);

export const snapshot = script(
  TIME,
  ROOM,
  String.raw`
local version = redis.call('HGET', meta, 'version')
if not version then return { 'NONE' } end
return { 'OK', version, redis.call('HVALS', members), redis.call('HVALS', tracks) }`,
);

/** ARGV: the version that is known. */
export const changesSince = script(
  TIME,
  ROOM,
  String.raw`
local version, known = redis.call('HGET', meta, 'version'), tonumber(ARGV[1])
if not version or tonumber(version) < known then return { 'NONE' } end
if tonumber(version) == known then return { 'OK' } end
local first = int(known + 1) .. '-0'
local entries = redis.call('XRANGE', log, first, '+')
if not entries[1] or entries[1][1] ~= first then return { 'NONE' } end
local reply = { 'OK' }
for i, entry in ipairs(entries) do
  reply[2 * i], reply[2 * i + 1] = entry[1], entry[2][2]
end
return reply`,
);
