import { ACTS } from './acts.ts';
import { ROOM } from './room-keys.ts';
import { script, TIME } from './script.ts';

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

/**
 * ARGV: identity, epoch, the change as JSON for a participant. Answers with the room's birth when it is gone, else '',
 * then with who views it when that has changed. When the one that leads takes somebody out: KEYS: also its lease and the
 * acts; ARGV: also its fence and what it does.
 */
export const leave = script(
  TIME,
  ROOM,
  ACTS,
  String.raw`
local identity, lease, acts = ARGV[1], KEYS[9], KEYS[10]
if lease and not leads(lease, ARGV[4]) then return { 'NOT_LEADING' } end
local member, _, views = holder_of(identity)
if not member or member.epoch ~= tonumber(ARGV[2]) then return { 'SAME' } end
if lease then note_act(acts, ARGV[4], ARGV[5]) end
unseat(identity, member, views)
drop_tracks(identity)
if population() > 0 then
  if views then return { 'SAME', '', '', count_viewers() } end
  return { 'OK', append(next_version(), ARGV[3]) }
end
local version, born = int(next_version()), redis.call('HGET', meta, 'born')
redis.call('DEL', meta, members, tracks, hosts, owned, log, viewers, viewed)
return { views and 'SAME' or 'OK', version, born }`,
);

export const snapshot = script(
  TIME,
  ROOM,
  String.raw`
local version, born = unpack(redis.call('HMGET', meta, 'version', 'born'))
if not version then return { 'NONE' } end
return { 'OK', version, born, redis.call('HVALS', members), redis.call('HVALS', tracks), viewership() }`,
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
