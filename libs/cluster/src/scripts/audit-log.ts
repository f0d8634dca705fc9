/** Acts that are kept for those who look after; a few more may be there, as Redis trims whole blocks. */
const AUDIT_LOG_LENGTH = 200;

/**
 * What a script needs that only the one that leads may run: it is refused with a number that is not that of the present
 * lease, so that one who was held up, and has been replaced without knowing it, changes nothing. What was done is written
 * down with the number.
 */
export const AUDIT_LOG = String.raw`
local function leads(lease, fence)
  local present, until_us = unpack(redis.call('HMGET', lease, 'fence', 'untilUs'))
  return present == fence and tonumber(until_us) > now_us()
end
local function record_action(audit_log, fence, what)
  redis.call('XADD', audit_log, 'MAXLEN', '~', ${AUDIT_LOG_LENGTH}, '*', 'fence', fence, 'what', what)
end`;
