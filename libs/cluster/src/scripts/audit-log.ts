/** Entries that are kept; a few more may be there, as Redis trims whole blocks. */
const AUDIT_LOG_LENGTH = 200;

/**
 * For scripts that only the leader may run: they refuse a fence that is not that of the present lease, so that a leader that
 * was paused and replaced changes nothing. Each action is recorded with the fence.
 */
export const AUDIT_LOG = String.raw`
local function leads(lease, fence)
  local present, until_us = unpack(redis.call('HMGET', lease, 'fence', 'untilUs'))
  return present == fence and tonumber(until_us) > now_us()
end
local function record_action(audit_log, fence, what)
  redis.call('XADD', audit_log, 'MAXLEN', '~', ${AUDIT_LOG_LENGTH}, '*', 'fence', fence, 'what', what)
end`;
