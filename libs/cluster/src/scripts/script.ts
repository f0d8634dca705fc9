import { createHash } from 'node:crypto';

/** A Lua script: run by its hash, sent whole only when the server doesn't know it yet. */
export interface Script {
  readonly lua: string;
  readonly sha1: string;
  /** Takes a deadline as its last argument, and refuses with `EXPIRED` when it runs later. */
  readonly expires: boolean;
}

/** What a script that runs after its deadline answers, followed by the store's time in microseconds. */
export const EXPIRED = 'EXPIRED';

/** A script that only reads, or whose write is right whenever it runs. */
export function script(...parts: readonly string[]): Script {
  return made(parts, false);
}

/**
 * A script whose write would be wrong once the caller has given it up: bytes that wait in a socket reach the store seconds
 * after the caller's deadline, behind whatever it did instead. The deadline is the last argument, by the store's clock.
 */
export function writeScript(...parts: readonly string[]): Script {
  return made([TIME, DEADLINE, ...parts], true);
}

function made(parts: readonly string[], expires: boolean): Script {
  const lua = parts.join('\n');
  return { lua, sha1: createHash('sha1').update(lua).digest('hex'), expires };
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

const DEADLINE = String.raw`
if now_us() > tonumber(table.remove(ARGV)) then return { '${EXPIRED}', int(now_us()) } end`;
