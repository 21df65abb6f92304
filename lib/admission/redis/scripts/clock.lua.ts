/** The most by which the server's clock may differ from its caller's. */
export const STORE_OFF_MS = 10_000;

/**
 * What every script needs first. Separate from the rest, because making the rest's functions costs as much as a replay.
 * Returns the time from a caller's text: 0 = the server's; above = this time; below = the server's, unless it is further
 * from this one than a clock may be. Also returns whether it is the server's, which is the clock for forgetting.
 */
export const CLOCK = /* lua */ `
local floor = math.floor

local function timeOf(text)
  local now = text + 0
  if now > 0 then return now, false end
  local t = redis.call('TIME')
  local own = t[1] * 1000 + floor(t[2] / 1000)
  if now < 0 and math.abs(own + now) > ${STORE_OFF_MS} then return -now, false end
  return own, true
end
`;
