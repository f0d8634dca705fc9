/** Log entries kept for readers that missed some; a few more may be there, as Redis trims whole blocks. */
const LOG_LENGTH = 512;

/**
 * A room's keys, and the index of rooms. `meta`: version, born (its first version), viewership (JSON, once there was a
 * viewer). `members`: identity -> entry, participants only. `tracks`: track id -> entry. `hosts`: node id -> number of
 * participants and viewers. `owned`: identity -> its track ids, with a space around each. `log`: stream, one JSON change
 * per version. `viewers`: identity -> entry. `viewed`: node id -> number of viewers. `rooms`: sorted set of all rooms'
 * names, all scores 0, so that it pages in byte order.
 *
 * An entry is a line of fields that scripts read by a pattern, then JSON that only processes read: scripts never parse text of
 * a client, since a text that the server's parser refuses would make its owner immovable. A malformed entry counts as
 * absent, and `repair` removes it.
 */
export const ROOM = String.raw`
local meta, members, tracks, hosts, owned, log, viewers, viewed, rooms = unpack(KEYS)

-- As stored-entries.ts writes it: epoch, claim, joinedAtMs, nodeId, sessionId, stayId or '-', 0 for a client whose
-- connection is lost or 1, the profile as JSON.
local function read_member(entry)
  if not entry then return nil end
  local epoch, claim, joined_at, node, session, stay, online, profile =
    string.match(entry, '^(%d+) (%d+) (%-?%d+) (%S+) (%S+) (%S+) ([01]) ({.+})$')
  if not epoch then return nil end
  return {
    epoch = tonumber(epoch), claim = tonumber(claim), joinedAtMs = tonumber(joined_at),
    nodeId = node, sessionId = session, stay = stay, online = online, profile = profile
  }
end
local function member_entry(m)
  return table.concat({ int(m.epoch), int(m.claim), int(m.joinedAtMs), m.nodeId, m.sessionId, m.stay, m.online, m.profile }, ' ')
end
-- Ids are letters, digits and _ . : - and need no escapes.
local function member_json(identity, m)
  return '{"identity":' .. cjson.encode(identity) .. ',' .. string.sub(m.profile, 2, -2) ..
    ',"sessionId":"' .. m.sessionId .. '","nodeId":"' .. m.nodeId ..
    '","epoch":' .. int(m.epoch) .. ',"joinedAtMs":' .. int(m.joinedAtMs) ..
    (m.online == '0' and ',"connection":"lost"' or '') .. '}'
end
-- As stored-entries.ts writes it: epoch, 1 for muted or 0, the rest as JSON.
local function read_track(entry)
  local epoch, muted, rest = string.match(entry or '', '^(%d+) ([01]) ({.+})$')
  return tonumber(epoch), muted, rest
end
local function track_json(id, entry)
  local epoch, muted, rest = read_track(entry)
  return '{"trackId":"' .. id .. '","epoch":' .. int(epoch) .. ',"muted":' .. (muted == '1' and 'true' or 'false') ..
    ',' .. string.sub(rest, 2)
end
local function member_of(identity)
  local entry = redis.call('HGET', members, identity)
  return read_member(entry), entry
end
-- The holder of an identity: parsed, as stored, and whether it is a viewer.
local function holder_of(identity)
  local member, entry = member_of(identity)
  if member then return member, entry, false end
  entry = redis.call('HGET', viewers, identity)
  member = read_member(entry)
  return member, entry, member and true or false
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
-- Removes an entry from the room, but not its tracks.
local function remove_entry(identity, old, views)
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
local function free_room(name)
  redis.call('DEL', meta, members, tracks, hosts, owned, log, viewers, viewed)
  redis.pcall('ZREM', rooms, name)
end
local function viewership()
  return redis.call('HGET', meta, 'viewership') or ''
end
-- Writes the viewership after a change of viewers.
local function count_viewers()
  local count, nodes, flat = 0, {}, redis.call('HGETALL', viewed)
  for i = 1, #flat, 2 do
    nodes[#nodes + 1], count = cjson.encode(flat[i]), count + (tonumber(flat[i + 1]) or 0)
  end
  local last = tonumber(string.match(viewership(), '"revision":(%d+)') or '0')
  local json = '{"viewers":' .. count .. ',"nodeIds":[' .. table.concat(nodes, ',') .. '],"revision":' .. int(math.max(now_us(), last + 1)) .. '}'
  redis.call('HSET', meta, 'viewership', json)
  return json
end`;
