/** Log entries kept for those who missed some; a few more may be there, as Redis trims whole blocks. */
const LOG_LENGTH = 512;

/**
 * A room's keys, all in one slot. `meta`: version, born (its first version), viewership (JSON, once there was a viewer).
 * `members`: identity -> JSON, participants only. `tracks`: track id -> JSON, ending in `"muted":…}`. `hosts`: node id ->
 * number of participants and viewers. `owned`: identity -> its track ids, with a space around each. `log`: stream, one
 * entry per version. `viewers`: identity -> JSON. `viewed`: node id -> number of viewers.
 */
export const ROOM = String.raw`
local meta, members, tracks, hosts, owned, log, viewers, viewed = unpack(KEYS)

local function member_of(identity)
  local json = redis.call('HGET', members, identity)
  return json and cjson.decode(json) or nil, json
end
-- Who has the identity, participant or viewer: the entry, its JSON, whether it is a viewer's.
local function holder_of(identity)
  local member, json = member_of(identity)
  if member then return member, json, false end
  json = redis.call('HGET', viewers, identity)
  return json and cjson.decode(json) or nil, json, json and true or false
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
local function lessen(counts, node)
  if redis.call('HINCRBY', counts, node, -1) <= 0 then redis.call('HDEL', counts, node) end
end
-- Takes an entry out of the room; what it published goes by other ways.
local function unseat(identity, old, views)
  lessen(hosts, old.nodeId)
  if views then
    redis.call('HDEL', viewers, identity)
    return lessen(viewed, old.nodeId)
  end
  redis.call('HDEL', members, identity)
end
local function population()
  return redis.call('HLEN', members) + redis.call('HLEN', viewers)
end
local function viewership()
  return redis.call('HGET', meta, 'viewership') or ''
end
-- After viewers came, went or moved: writes who views now.
local function count_viewers()
  local count, nodes, flat = 0, {}, redis.call('HGETALL', viewed)
  for i = 1, #flat, 2 do
    nodes[#nodes + 1], count = cjson.encode(flat[i]), count + tonumber(flat[i + 1])
  end
  local last = tonumber(string.match(viewership(), '"revision":(%d+)') or '0')
  local json = '{"viewers":' .. count .. ',"nodeIds":[' .. table.concat(nodes, ',') .. '],"revision":' .. int(math.max(now_us(), last + 1)) .. '}'
  redis.call('HSET', meta, 'viewership', json)
  return json
end`;
