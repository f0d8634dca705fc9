import { ROOM } from './room-keys.ts';
import { script, TIME } from './script.ts';

/** Changes that are sent in place of the whole room. */
const MOST_CHANGES = 64;

/** What placing, moving and announcing share. */
const MEMBERS = String.raw`
-- The host of most members among the open nodes, else the fallback; 'old' doesn't count where it is.
local function choose_node(old, wished, fallback, open)
  if wished ~= '' then return wished end
  local node, most = nil, 0
  local flat = redis.call('HGETALL', hosts)
  for i = 1, #flat, 2 do
    local host, count = flat[i], tonumber(flat[i + 1])
    if old and old.nodeId == host then count = count - 1 end
    local more = count > most or (count == most and node and host < node)
    if count > 0 and more and owns(open, host) then node, most = host, count end
  end
  if not node and fallback ~= '' then node = fallback end
  return node
end
local function member_json(opening, node, epoch, joined_at)
  return opening .. ',"nodeId":' .. cjson.encode(node) .. ',"epoch":' .. int(epoch) .. ',"joinedAtMs":' .. int(joined_at) .. '}'
end
-- Makes the room if there is none. Answers with the version of the next change, the room's birth, and 1 if it was made.
local function open_room(first_version)
  local born = redis.call('HGET', meta, 'born')
  if born then return next_version(), born, 0 end
  born = int(first_version)
  redis.call('HSET', meta, 'born', born, 'version', born)
  return first_version, born, 1
end
-- What came after 'known', version by version; nil when that is much, or not to be had. The whole of a big room takes long.
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
-- Seats the entry in place of 'old', and writes what others see of that. Answers with the room's version, which change
-- it was ('' for none), the change as JSON, the room's birth, 1 if it was made, and whether viewers have to be counted.
local function seat(identity, node, json, views, old, viewing, first_version, moved_why)
  local version, born, created = open_room(first_version)
  if old then unseat(identity, old, viewing) end
  redis.call('HSET', views and viewers or members, identity, json)
  redis.call('HINCRBY', hosts, node, 1)
  if views then redis.call('HINCRBY', viewed, node, 1) end
  local wrote, change = 'joined', '{"type":"participantJoined","participant":' .. json .. '}'
  if views then
    wrote = old and not viewing and 'left' or ''
    if wrote == 'left' then
      drop_tracks(identity)
      change = '{"type":"participantLeft","identity":' .. cjson.encode(identity) .. ',"epoch":' .. int(old.epoch) .. ',"reason":"superseded"}'
    end
  elseif moved_why and old and not viewing then
    wrote, change = 'moved', '{"type":"participantMoved","participant":' .. json .. ',"reason":' .. moved_why .. '}'
  end
  if wrote ~= '' then append(version, change) elseif created == 0 then version = version - 1 end
  return version, wrote, change, born, created, views or viewing
end`;

/**
 * ARGV: identity, the member's JSON up to its node (open), limit, `viewer` or `participant`, wished node, fallback node,
 * open nodes (with a space around each), the version at which the caller knows the room or ''. One long argument rather
 * than a list: looking the few hosts up in it costs microseconds with 1000 nodes, where a table of them would have to be
 * made for each join.
 */
export const place = script(
  TIME,
  ROOM,
  MEMBERS,
  String.raw`
local identity, opening, limit, views = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4] == 'viewer'
local old, old_json, viewing = holder_of(identity)
if not old and population() >= limit then return { 'ROOM_FULL' } end
local node = choose_node(old, ARGV[5], ARGV[6], ARGV[7])
if not node then return { 'NO_NODE_AVAILABLE' } end

local now = now_us()
local epoch, joined_at = now, math.floor(now / 1000)
if old then
  epoch, joined_at = math.max(now, old.epoch + 1), old.joinedAtMs
  drop_tracks(identity)
end
local member = member_json(opening, node, epoch, joined_at)
local version, wrote, _, born, created, recount = seat(identity, node, member, views, old, viewing, now)
local counted = recount and count_viewers() or ''
local reply = { wrote, int(version), born, created, member, old_json or '', counted, viewership() }
local changes = changes_after(tonumber(ARGV[8]), version, wrote)
reply[9] = changes or redis.call('HVALS', members)
if not changes then reply[10] = redis.call('HVALS', tracks) end
return reply`,
);

/**
 * ARGV: as `place`, without the limit and the known version; then the session's id, the epoch that it moves from, the reason as JSON. A
 * repeat, after an answer that was lost, finds its own session there and changes nothing.
 */
export const move = script(
  TIME,
  ROOM,
  MEMBERS,
  String.raw`
local identity, opening, views, session, from = ARGV[1], ARGV[2], ARGV[3] == 'viewer', ARGV[7], tonumber(ARGV[8])
local old, old_json, viewing = holder_of(identity)
if old and old.epoch > from and old.sessionId == session then
  local version, born = redis.call('HGET', meta, 'version'), redis.call('HGET', meta, 'born')
  return { '', version, born, 0, old_json, '', '', viewership(), redis.call('HVALS', members), redis.call('HVALS', tracks) }
end
if old and old.epoch ~= from then return { 'STALE_EPOCH' } end
local node = choose_node(old, ARGV[4], ARGV[5], ARGV[6])
if not node then return { 'NO_NODE_AVAILABLE' } end

local now = now_us()
local member = member_json(opening, node, math.max(now, from + 1), old and old.joinedAtMs or math.floor(now / 1000))
local version, wrote, _, born, created, recount = seat(identity, node, member, views, old, viewing, now, ARGV[9])
local counted = recount and count_viewers() or ''
return {
  wrote, int(version), born, created, member, old_json or '', counted, viewership(),
  redis.call('HVALS', members), redis.call('HVALS', tracks)
}`,
);

/**
 * ARGV: the highest version that the announcer knew, number of members; then for each member: identity, epoch, node,
 * member as JSON, `viewer` or `participant`; then for each track: its id, identity, epoch, track as JSON. Answers with the
 * room's birth, whether it was made, who views if that has changed, and a version and a change as JSON for each write.
 */
export const announce = script(
  TIME,
  ROOM,
  MEMBERS,
  String.raw`
local reply, first, count = { 'OK', '', 0, '' }, 3, tonumber(ARGV[2])
-- Nobody may take the first version of a room made anew for the one that follows what was known of the lost one.
local birth, count_again = math.max(now_us(), tonumber(ARGV[1]) + 1000000), false
for i = first, first + 5 * count - 1, 5 do
  local identity, epoch, node, json, views = ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2], ARGV[i + 3], ARGV[i + 4] == 'viewer'
  local old, _, viewing = holder_of(identity)
  if not old or old.epoch < epoch then
    if old then drop_tracks(identity) end
    local version, wrote, change, born, created, recount = seat(identity, node, json, views, old, viewing, birth)
    reply[2], reply[3] = born, math.max(reply[3], created)
    count_again = count_again or recount
    if wrote ~= '' then reply[#reply + 1], reply[#reply + 2] = int(version), change end
  end
end
if count_again then reply[4] = count_viewers() end
for i = first + 5 * count, #ARGV, 4 do
  local id, identity, epoch, json = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]), ARGV[i + 3]
  local owner, stored, mine = member_of(identity), redis.call('HGET', tracks, id), owned_by(identity)
  local lower = not stored or (owns(mine, id) and cjson.decode(stored).epoch < epoch)
  if owner and owner.epoch == epoch and lower then
    if not stored then redis.call('HSET', owned, identity, mine .. id .. ' ') end
    redis.call('HSET', tracks, id, json)
    local change = '{"type":"trackPublished","track":' .. json .. '}'
    reply[#reply + 1], reply[#reply + 2] = append(next_version(), change), change
  end
end
return reply`,
);
