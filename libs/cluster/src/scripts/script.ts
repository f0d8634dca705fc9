import { createHash } from 'node:crypto';

/** A Lua script: run by its hash, sent whole only when the server doesn't know it yet. */
export interface Script {
  readonly lua: string;
  readonly sha1: string;
}

export function script(...parts: readonly string[]): Script {
  const lua = parts.join('\n');
  return { lua, sha1: createHash('sha1').update(lua).digest('hex') };
}

/**
 * Microseconds since 1970 by the store's clock: exact in Lua's doubles until the year 2255. Not milliseconds: a room
 * that makes several changes in one, is freed and made again would fall back behind its old version.
 */
export const TIME = String.raw`
local function now_us()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000000 + tonumber(time[2])
end
-- tostring() would write large numbers as 1.7e+15
local function int(number)
  return string.format('%.0f', number)
end`;
