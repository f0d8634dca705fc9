/** Log entries kept for those who missed some; a few more may be there, as Redis trims whole blocks. */
const LOG_LENGTH = 512;

/**
 * A room's keys, all in one slot. `meta`: version, born (its first version). `members`: identity -> JSON. `tracks`:
 * track id -> JSON, ending in `"muted":…}`. `hosts`: node id -> number of members. `owned`: identity -> its track ids,
 * with a space around each. `log`: stream, one entry per version.
 */
export const ROOM = String.raw`
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
