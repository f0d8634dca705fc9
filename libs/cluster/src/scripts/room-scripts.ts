import { AUDIT_LOG } from './audit-log.ts';
import { ROOM } from './room-keys.ts';
import { script, TIME, writeScript } from './script.ts';

/** ARGV: identity, session id, epoch, track id, entry, track limit. */
export const publishTrack = writeScript(
  ROOM,
  String.raw`
local identity, id, entry = ARGV[1], ARGV[4], ARGV[5]
local member = member_of(identity)
if not member then return { 'SESSION_NOT_FOUND' } end
if member.sessionId ~= ARGV[2] or member.epoch ~= tonumber(ARGV[3]) then return { 'STALE_EPOCH' } end
local mine = owned_by(identity)
local stored = redis.call('HGET', tracks, id)
if stored == entry then return { 'SAME' } end
if not owns(mine, id) then
  if stored then return { 'TRACK_TAKEN' } end
  local _, count = string.gsub(mine, '%S+', '')
  if count >= tonumber(ARGV[6]) then return { 'LIMIT_EXCEEDED' } end
  redis.call('HSET', owned, identity, mine .. id .. ' ')
end
redis.call('HSET', tracks, id, entry)
return { 'OK', append(next_version(), '{"type":"trackPublished","track":' .. track_json(id, entry) .. '}') }`,
);

/** ARGV: identity, epoch, 1 for a client that is connected or 0, change as JSON. */
export const updateMember = writeScript(
  ROOM,
  String.raw`
local identity = ARGV[1]
local member = member_of(identity)
if not member or member.epoch ~= tonumber(ARGV[2]) then return { 'STALE_EPOCH' } end
if member.online == ARGV[3] then return { 'SAME' } end
member.online = ARGV[3]
redis.call('HSET', members, identity, member_entry(member))
return { 'OK', append(next_version(), ARGV[4]) }`,
);

/** ARGV: identity, epoch, track id, 1 for muted or 0, change as JSON. */
export const updateTrack = writeScript(
  ROOM,
  String.raw`
local identity, id = ARGV[1], ARGV[3]
local member = member_of(identity)
if not member or member.epoch ~= tonumber(ARGV[2]) then return { 'STALE_EPOCH' } end
local epoch, muted, rest = read_track(redis.call('HGET', tracks, id))
if not epoch or not owns(owned_by(identity), id) then return { 'TRACK_NOT_FOUND' } end
if muted == ARGV[4] then return { 'SAME' } end
redis.call('HSET', tracks, id, int(epoch) .. ' ' .. ARGV[4] .. ' ' .. rest)
return { 'OK', append(next_version(), ARGV[5]) }`,
);

/** ARGV: identity, epoch, track id, change as JSON. */
export const unpublishTrack = writeScript(
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

/**
 * ARGV: identity, epoch, the change as JSON for a participant, the room's name. Answers with the version of the change and a
 * changed viewership. For the leader: KEYS: also its lease and the audit log; ARGV: before the name its fence and the text for
 * the audit log.
 */
export const leave = writeScript(
  ROOM,
  AUDIT_LOG,
  String.raw`
local room_name = table.remove(ARGV)
local identity, lease, audit_log = ARGV[1], KEYS[10], KEYS[11]
if lease and not leads(lease, ARGV[4]) then return { 'NOT_LEADING' } end
local member, _, views = holder_of(identity)
if not member or member.epoch ~= tonumber(ARGV[2]) then return { 'SAME' } end
if lease then record_action(audit_log, ARGV[4], ARGV[5]) end
remove_entry(identity, member, views)
drop_tracks(identity)
if population() > 0 then
  if views then return { 'SAME', '', count_viewers() } end
  return { 'OK', append(next_version(), ARGV[3]) }
end
local version = int(next_version())
free_room(room_name)
return { views and 'SAME' or 'OK', version }`,
);

/**
 * Removes unreadable data: keys of another type, entries that the caller found unreadable and that have not changed since,
 * tracks without an owner; and the room, if it has no members. Counts again what is kept beside the entries. A changed room
 * is born again, so that all followers read it again and nodes announce what they hold. KEYS: also the leader lease and the
 * audit log. ARGV: its fence, then for each entry: `members`,
 * `viewers` or `tracks`, the field, the SHA-1 of the value; then the room's name. Answers with how many were removed.
 */
export const repair = writeScript(
  ROOM,
  AUDIT_LOG,
  String.raw`
local room_name = table.remove(ARGV)
if not leads(KEYS[10], ARGV[1]) then return 'NOT_LEADING' end
local removed = 0
for i = 1, 8 do
  local kind = redis.call('TYPE', KEYS[i]).ok
  if kind ~= 'none' and kind ~= (KEYS[i] == log and 'stream' or 'hash') then
    removed = removed + redis.call('DEL', KEYS[i])
  end
end
local parts = { members = members, viewers = viewers, tracks = tracks }
for i = 2, #ARGV - 2, 3 do
  local part, field = parts[ARGV[i]], ARGV[i + 1]
  local value = redis.call('HGET', part, field)
  if value and redis.sha1hex(value) == ARGV[i + 2] then removed = removed + redis.call('HDEL', part, field) end
end
local lists, seen = redis.call('HGETALL', owned), {}
for i = 1, #lists, 2 do
  local kept = ' '
  if redis.call('HEXISTS', members, lists[i]) == 1 then
    for id in string.gmatch(lists[i + 1], '%S+') do
      if redis.call('HEXISTS', tracks, id) == 1 and not seen[id] then kept, seen[id] = kept .. id .. ' ', true end
    end
  end
  if kept == ' ' then redis.call('HDEL', owned, lists[i]) elseif kept ~= lists[i + 1] then redis.call('HSET', owned, lists[i], kept) end
end
for _, id in ipairs(redis.call('HKEYS', tracks)) do
  if not seen[id] then removed = removed + redis.call('HDEL', tracks, id) end
end
local version = redis.call('HGET', meta, 'version')
local broken = not tonumber(version) or not tonumber(redis.call('HGET', meta, 'born'))
local empty = population() == 0
if removed > 0 or broken or empty then record_action(KEYS[11], ARGV[1], 'repair ' .. room_name) end
if broken or empty then
  free_room(room_name)
  return math.max(removed, 1)
end
if removed == 0 then return 0 end
redis.call('DEL', hosts, viewed)
for _, key in ipairs({ members, viewers }) do
  for _, entry in ipairs(redis.call('HVALS', key)) do
    local member = read_member(entry)
    if member then
      redis.call('HINCRBY', hosts, member.nodeId, 1)
      if key == viewers then redis.call('HINCRBY', viewed, member.nodeId, 1) end
    end
  end
end
local born = int(math.max(now_us(), tonumber(version) + 1))
redis.call('HSET', meta, 'version', born, 'born', born)
redis.call('DEL', log)
if redis.call('HLEN', viewers) > 0 or viewership() ~= '' then count_viewers() end
return removed`,
);

/** KEYS: as all. ARGV: the room's name. Removes a name from the index whose room is gone, with its remains. */
export const forget = writeScript(
  ROOM,
  String.raw`
if redis.call('EXISTS', meta) == 1 then return 0 end
free_room(table.remove(ARGV))
return 1`,
);

export const snapshot = script(
  TIME,
  ROOM,
  String.raw`
local version, born = unpack(redis.call('HMGET', meta, 'version', 'born'))
if not version then return { 'NONE' } end
return { 'OK', version, born or '', redis.call('HGETALL', members), redis.call('HGETALL', tracks), viewership() }`,
);

/** ARGV: the version that is known. */
export const changesSince = script(
  TIME,
  ROOM,
  String.raw`
local version, known = tonumber(redis.call('HGET', meta, 'version')), tonumber(ARGV[1])
if not version or version < known then return { 'NONE' } end
if version == known then return { 'OK' } end
local first = int(known + 1) .. '-0'
local entries = redis.call('XRANGE', log, first, '+')
if not entries[1] or entries[1][1] ~= first then return { 'NONE' } end
local reply = { 'OK' }
for i, entry in ipairs(entries) do
  reply[2 * i], reply[2 * i + 1] = entry[1], entry[2][2]
end
return reply`,
);
