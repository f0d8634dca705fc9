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
  redis.call('HSET', meta, 'born', born)
  return first_version, born, 1
end
local function set_member(identity, node, json, old)
  if old then leave_host(old.nodeId) end
  redis.call('HSET', members, identity, json)
  redis.call('HINCRBY', hosts, node, 1)
end
-- What came after 'known', version by version; nil when that is much, or not to be had. The whole of a big room takes long.
local function changes_after(known, version)
  if not known or version <= known or version - known > ${MOST_CHANGES} then return nil end
  local first = int(known + 1) .. '-0'
  local entries = redis.call('XRANGE', log, first, '+')
  if not entries[1] or entries[1][1] ~= first then return nil end
  local changes = {}
  for i, entry in ipairs(entries) do changes[2 * i - 1], changes[2 * i] = entry[1], entry[2][2] end
  return changes
end
local function joined(json)
  return '{"type":"participantJoined","participant":' .. json .. '}'
end`;

/**
 * ARGV: identity, the member's JSON up to its node (open), participant limit, wished node, fallback node, open nodes
 * (with a space around each), the version at which the caller knows the room or ''. One long argument rather than a list: looking the few hosts up in it costs microseconds
 * with 1000 nodes, where a table of them would have to be made for each join.
 */
export const place = script(
  TIME,
  ROOM,
  MEMBERS,
  String.raw`
local identity, opening, limit = ARGV[1], ARGV[2], tonumber(ARGV[3])
local old, old_json = member_of(identity)
if not old and redis.call('HLEN', members) >= limit then return { 'ROOM_FULL' } end
local node = choose_node(old, ARGV[4], ARGV[5], ARGV[6])
if not node then return { 'NO_NODE_AVAILABLE' } end

local now = now_us()
local epoch, joined_at = now, math.floor(now / 1000)
if old then
  epoch, joined_at = math.max(now, old.epoch + 1), old.joinedAtMs
  drop_tracks(identity)
end
local version, born, created = open_room(now)
local member = member_json(opening, node, epoch, joined_at)
set_member(identity, node, member, old)
append(version, joined(member))
local reply = { 'OK', int(version), born, created, member, old_json or '' }
local changes = changes_after(tonumber(ARGV[7]), version)
reply[7] = changes or redis.call('HVALS', members)
if not changes then reply[8] = redis.call('HVALS', tracks) end
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
local identity, opening, session, from = ARGV[1], ARGV[2], ARGV[6], tonumber(ARGV[7])
local old, old_json = member_of(identity)
if old and old.epoch > from and old.sessionId == session then
  local version, born = redis.call('HGET', meta, 'version'), redis.call('HGET', meta, 'born')
  return { 'SAME', version, born, 0, old_json, '', redis.call('HVALS', members), redis.call('HVALS', tracks) }
end
if old and old.epoch ~= from then return { 'STALE_EPOCH' } end
local node = choose_node(old, ARGV[3], ARGV[4], ARGV[5])
if not node then return { 'NO_NODE_AVAILABLE' } end

local now = now_us()
local version, born, created = open_room(now)
local member = member_json(opening, node, math.max(now, from + 1), old and old.joinedAtMs or math.floor(now / 1000))
set_member(identity, node, member, old)
if old then append(version, '{"type":"participantMoved","participant":' .. member .. ',"reason":' .. ARGV[8] .. '}')
else append(version, joined(member)) end
return { 'OK', int(version), born, created, member, old_json or '', redis.call('HVALS', members), redis.call('HVALS', tracks) }`,
);

/**
 * ARGV: the highest version that the announcer knew, number of members; then for each member: identity, epoch, node,
 * member as JSON; then for each track: its id, identity, epoch, track as JSON. Answers with the room's birth, whether
 * it was made, and a version and a change as JSON for each write.
 */
export const announce = script(
  TIME,
  ROOM,
  MEMBERS,
  String.raw`
local reply, first, count = { 'OK', '', 0 }, 3, tonumber(ARGV[2])
-- Nobody may take the first version of a room made anew for the one that follows what was known of the lost one.
local birth = math.max(now_us(), tonumber(ARGV[1]) + 1000000)
local function write(change)
  local version, born, created = open_room(birth)
  reply[2], reply[3] = born, math.max(reply[3], created)
  reply[#reply + 1], reply[#reply + 2] = append(version, change), change
end
for i = first, first + 4 * count - 1, 4 do
  local identity, epoch, node, json = ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2], ARGV[i + 3]
  local old = member_of(identity)
  if not old or old.epoch < epoch then
    if old then drop_tracks(identity) end
    set_member(identity, node, json, old)
    write(joined(json))
  end
end
for i = first + 4 * count, #ARGV, 4 do
  local id, identity, epoch, json = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]), ARGV[i + 3]
  local owner, stored, mine = member_of(identity), redis.call('HGET', tracks, id), owned_by(identity)
  local lower = not stored or (owns(mine, id) and cjson.decode(stored).epoch < epoch)
  if owner and owner.epoch == epoch and lower then
    if not stored then redis.call('HSET', owned, identity, mine .. id .. ' ') end
    redis.call('HSET', tracks, id, json)
    write('{"type":"trackPublished","track":' .. json .. '}')
  end
end
return reply`,
);
