import { ROOM } from './room-keys.ts';
import { writeScript } from './script.ts';

/** Changes that are sent in place of the whole room. */
const MOST_CHANGES = 64;

/** Shared by placing, moving and announcing. Their last argument is the room's name. */
const MEMBERS = String.raw`
local room_name = table.remove(ARGV)
-- The host of most members among the open nodes, else the fallback; 'old' doesn't count where it is.
local function choose_node(old, preferred, fallback, open)
  if preferred ~= '' then return preferred end
  local node, most = nil, 0
  local flat = redis.call('HGETALL', hosts)
  for i = 1, #flat, 2 do
    local host, count = flat[i], tonumber(flat[i + 1]) or 0
    if old and old.nodeId == host then count = count - 1 end
    local more = count > most or (count == most and node and host < node)
    if count > 0 and more and owns(open, host) then node, most = host, count end
  end
  if not node and fallback ~= '' then node = fallback end
  return node
end
-- Makes the room if there is none, and enters it in the index: a room that no sweep lists would stay for ever. Each
-- placement enters it again, for an index that was lost. Answers with the version of the next change, and 1 if it was made.
local function open_room(first_version)
  redis.pcall('ZADD', rooms, 0, room_name)
  if redis.call('HEXISTS', meta, 'born') == 1 then return next_version(), 0 end
  redis.call('HSET', meta, 'born', int(first_version), 'version', int(first_version))
  return first_version, 1
end
-- The changes after 'known'; nil when they are many or missing. Reading a whole big room takes long.
local function changes_after(known, version, wrote)
  if known == version and wrote == '' then return {} end
  if not known or version <= known or version - known > ${MOST_CHANGES} then return nil end
  local first = int(known + 1) .. '-0'
  local entries = redis.call('XRANGE', log, first, '+')
  if not entries[1] or entries[1][1] ~= first then return nil end
  local changes = {}
  for i, entry in ipairs(entries) do changes[2 * i - 1], changes[2 * i] = entry[1], entry[2][2] end
  return changes
end
-- Puts the member in place of 'old', and writes the change that others see. Answers with the room's version, the kind of
-- change ('' for none), the change as JSON, and whether viewers must be counted.
local function enter(identity, member, views, old, viewing, first_version, moved_why)
  local version, created = open_room(first_version)
  if old then remove_entry(identity, old, viewing) end
  redis.call('HSET', views and viewers or members, identity, member_entry(member))
  redis.call('HINCRBY', hosts, member.nodeId, 1)
  if views then redis.call('HINCRBY', viewed, member.nodeId, 1) end
  local wrote, change = 'joined', nil
  if views then
    wrote = old and not viewing and 'left' or ''
    if wrote == 'left' then
      drop_tracks(identity)
      change = '{"type":"participantLeft","identity":' .. cjson.encode(identity) .. ',"epoch":' .. int(old.epoch) .. ',"reason":"superseded"}'
    end
  elseif moved_why and old and not viewing then
    wrote, change = 'moved', '{"type":"participantMoved","participant":' .. member_json(identity, member) .. ',"reason":' .. moved_why .. '}'
  else
    change = '{"type":"participantJoined","participant":' .. member_json(identity, member) .. '}'
  end
  if wrote ~= '' then append(version, change) elseif created == 0 then version = version - 1 end
  return version, wrote, change, views or viewing
end`;

/**
 * ARGV: identity, session id, profile as JSON, stay id or '-', role, limit, preferred node, fallback node, open nodes (with a
 * space around each), the version at which the caller knows the room or '', the last epoch of a client that comes back
 * or ''. One long argument rather than a list: looking the few hosts up in it costs microseconds with 1000 nodes, where
 * a table of them would have to be made for each join.
 */
export const place = writeScript(
  ROOM,
  MEMBERS,
  String.raw`
local identity, session, profile, stay, views, limit = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5] == 'viewer', tonumber(ARGV[6])
local last_epoch = tonumber(ARGV[11])
local old, old_entry, viewing = holder_of(identity)
if last_epoch and old and old.claim > last_epoch and (stay == '-' or old.stay ~= stay) then return { 'SUPERSEDED' } end
if not old and population() >= limit then return { 'ROOM_FULL' } end
local node = choose_node(old, ARGV[7], ARGV[8], ARGV[9])
if not node then return { 'NO_NODE_AVAILABLE' } end

local now = now_us()
local epoch, joined_at = now, math.floor(now / 1000)
if old then
  epoch, joined_at = math.max(now, old.epoch + 1), old.joinedAtMs
  drop_tracks(identity)
end
local member = { epoch = epoch, claim = epoch, joinedAtMs = joined_at, nodeId = node, sessionId = session, stay = stay, online = '1', profile = profile }
local version, wrote, _, recount = enter(identity, member, views, old, viewing, now)
local counted = recount and count_viewers() or ''
local reply = { wrote, int(version), member_entry(member), old and old_entry or '', counted, viewership() }
local changes = changes_after(tonumber(ARGV[10]), version, wrote)
reply[7] = changes or redis.call('HGETALL', members)
if not changes then reply[8] = redis.call('HGETALL', tracks) end
return reply`,
);

/**
 * ARGV: identity, session id, profile as JSON, stay id or '-', role, preferred node, fallback node, open nodes, the epoch
 * that it moves from, the reason as JSON. A repeat, after an answer that was lost, finds its own session there and changes
 * nothing. The claim on the identity stays that of the last join.
 */
export const move = writeScript(
  ROOM,
  MEMBERS,
  String.raw`
local identity, session, profile, stay, views, from = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5] == 'viewer', tonumber(ARGV[9])
local old, old_entry, viewing = holder_of(identity)
if old and old.epoch > from and old.sessionId == session then
  local version = redis.call('HGET', meta, 'version')
  return { '', version, old_entry, '', '', viewership(), redis.call('HGETALL', members), redis.call('HGETALL', tracks) }
end
if old and old.epoch ~= from then return { 'STALE_EPOCH' } end
local node = choose_node(old, ARGV[6], ARGV[7], ARGV[8])
if not node then return { 'NO_NODE_AVAILABLE' } end

local now = now_us()
local member = {
  epoch = math.max(now, from + 1), claim = old and old.claim or 0,
  joinedAtMs = old and old.joinedAtMs or math.floor(now / 1000),
  nodeId = node, sessionId = session, stay = old and old.stay or stay, online = '1', profile = profile
}
local version, wrote, _, recount = enter(identity, member, views, old, viewing, now, ARGV[10])
local counted = recount and count_viewers() or ''
return {
  wrote, int(version), member_entry(member), old and old_entry or '', counted, viewership(),
  redis.call('HGETALL', members), redis.call('HGETALL', tracks)
}`,
);

/**
 * ARGV: the highest version that the announcer knew, number of members; then for each member: identity, entry, `viewer` or
 * `participant`; then for each track: its id, identity, entry. Answers with who views if that has changed, and a version
 * and a change as JSON for each write.
 */
export const announce = writeScript(
  ROOM,
  MEMBERS,
  String.raw`
local reply, first, count = { '' }, 3, tonumber(ARGV[2])
-- The first version of a room created again must not look like the successor of a version of the lost one.
local birth, count_again = math.max(now_us(), tonumber(ARGV[1]) + 1000000), false
for i = first, first + 3 * count - 1, 3 do
  local identity, member, views = ARGV[i], read_member(ARGV[i + 1]), ARGV[i + 2] == 'viewer'
  local old, _, viewing = holder_of(identity)
  if not old or old.epoch < member.epoch then
    if old then drop_tracks(identity) end
    local version, wrote, change, recount = enter(identity, member, views, old, viewing, birth)
    count_again = count_again or recount
    if wrote ~= '' then reply[#reply + 1], reply[#reply + 2] = int(version), change end
  end
end
if count_again then reply[1] = count_viewers() end
for i = first + 3 * count, #ARGV, 3 do
  local id, identity, entry = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local epoch = read_track(entry)
  local owner, stored, mine = member_of(identity), read_track(redis.call('HGET', tracks, id)), owned_by(identity)
  local lower = not stored or (owns(mine, id) and stored < epoch)
  if owner and owner.epoch == epoch and lower then
    if not owns(mine, id) then redis.call('HSET', owned, identity, mine .. id .. ' ') end
    redis.call('HSET', tracks, id, entry)
    local change = '{"type":"trackPublished","track":' .. track_json(id, entry) .. '}'
    reply[#reply + 1], reply[#reply + 2] = append(next_version(), change), change
  end
end
return reply`,
);
