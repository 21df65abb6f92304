import { CREDIT_KEPT_MS } from "@/lib/limits/slot";
import { STRIKE_RULES } from "@/lib/limits/strikes";

/** What every script needs first. Apart from the rest, because making the rest's functions costs as much as a replay. */
export const CLOCK = /* lua */ `
local floor = math.floor

local function timeOf(text)
  local now = text + 0
  if now > 0 then return now end
  local t = redis.call('TIME')
  return t[1] * 1000 + floor(t[2] / 1000)
end
`;

/** The rules for callers that come back early. */
export const STRIKES = /* lua */ `
local STRIKE_GRACE, STRIKE_FREE, STRIKE_BASE = ${STRIKE_RULES.graceMs}, ${STRIKE_RULES.free}, ${STRIKE_RULES.baseMs}
local STRIKE_CAP, STRIKE_BOX, STRIKE_DECAY = ${STRIKE_RULES.capMs}, ${STRIKE_RULES.boxAt}, ${STRIKE_RULES.decayMs}
`;

/** How long counters are kept once nothing of them is used any more: saved credit for long, everything for a moment. */
export const KEPT = { creditMs: CREDIT_KEPT_MS, marginMs: 1000 };

/**
 * The arithmetic of lib/limits in Lua, shared by the scripts. Same operations in the same order as the TypeScript, so
 * that both give the same doubles to the bit.
 *
 * A subject's counters are one string: per slot 3 bytes of id and two doubles (level, time), or three for the sliding
 * window (this window, the one before, start). The id names the limit, so that limits may come, go and change places
 * without touching the others' counts. Algorithms: 0 token, 1 leaky, 2 sliding, 3 fixed, 4 calendar.
 * x, y, z: refill, period ms, credit - or, for calendar windows, start, end and end of the next.
 */
export const SLOTS = /* lua */ `
local ceil = math.ceil
local pack, unpackd = struct.pack, struct.unpack

local function windowAt(al, x, y, z, now)
  if al == 4 then
    if now < y then return x end
    if now < z then return y end
    return z
  end
  return floor(now / y) * y
end

local function advance(al, has, A, B, C, x, y, z, now)
  if al <= 1 then
    if not has then return 0, 0, now end
    if now > C then
      A = A - ((now - C) * x) / y
      if A < 0 - z then A = 0 - z end
      return A, 0, now
    end
    return A, B, C
  end
  local start = windowAt(al, x, y, z, now)
  if al == 2 then
    if not has then return 0, 0, start end
    if start <= C then return A, B, C end
    if start - C == y then return 0, A, start end
    return 0, 0, start
  end
  if not has or C < start then return 0, 0, start end
  return A, B, C
end

local function used(al, A, B, C, y, now)
  if al ~= 2 then return A end
  local share = 1
  if now > C then share = 1 - (now - C) / y; if share < 0 then share = 0 end end
  return A + B * share
end

local function fits(al, A, B, C, y, cap, cost, now)
  if al == 1 then return A <= 0 and cost <= cap end
  return used(al, A, B, C, y, now) <= cap - cost
end

local function windowEnd(al, x, y, z, C, now)
  local at = now
  if C > at then at = C end
  if al == 4 then
    if at < y then return y end
    if at < z then return z end
    return z + (z - y)
  end
  return floor(at / y) * y + y
end

local function rest(al, A, B, C, x, y, z, now)
  if al <= 1 then
    local level = A
    if level < 0 then level = 0 end
    return ceil((level * y) / x) + (C - now)
  end
  if al == 2 then
    if A > 0 then return C + 2 * y - now end
    if B > 0 then return C + y - now end
    return 0
  end
  if A > 0 then return windowEnd(al, x, y, z, C, now) - now end
  return 0
end

local function waitFor(al, has, A, B, C, cap, x, y, z, cost, now)
  local credit = 0
  if al == 0 and has then credit = z end
  if cost > cap + credit then return -1 end
  local function fitsAt(at)
    local a, b, c = advance(al, has, A, B, C, x, y, z, at)
    return fits(al, a, b, c, y, cap, cost, at)
  end
  if fitsAt(now) then return 0 end
  local a, b, c = advance(al, has, A, B, C, x, y, z, now)
  local guess
  if al == 0 then guess = ceil(((a + cost - cap) * y) / x) + (c - now)
  elseif al == 1 then guess = rest(al, a, b, c, x, y, z, now)
  elseif al == 2 then
    local room, since = cap - cost, now - c
    if a <= room then guess = ceil((1 - (room - a) / b) * y) - since
    else guess = ceil((2 - room / a) * y) - since end
  else guess = windowEnd(al, x, y, z, c, now) - now end
  if guess < 1 then guess = 1 end
  for _ = 1, 8 do if fitsAt(now + guess) then break end; guess = guess + 1 end
  for _ = 1, 8 do if guess <= 1 or not fitsAt(now + guess - 1) then break end; guess = guess - 1 end
  return guess
end

local function sliding(id) return id >= 8388608 end

-- Every slot of a subject by its id, for when they do not stand in the expected order.
local function bagOf(raw)
  local bag, order, pos = {}, {}, 1
  while pos <= #raw do
    local id, a, b, c, from = 0, 0, 0, 0, pos
    id = unpackd('<I3', raw, pos)
    if sliding(id) then id, a, b, c, pos = unpackd('<I3ddd', raw, pos) else id, a, c, pos = unpackd('<I3dd', raw, pos) end
    bag[id] = { a, b, c, string.sub(raw, from, pos - 1) }
    order[#order + 1] = id
  end
  return bag, order
end

local function slotOf(id, a, b, c)
  if sliding(id) then return pack('<I3ddd', id, a, b, c) end
  return pack('<I3dd', id, a, c)
end

local function numbers(csv)
  local list, n = {}, 0
  for text in string.gmatch(csv, '[^,]+') do
    n = n + 1
    list[n] = text + 0
  end
  return list, n
end

-- The numbers of a policy: packed in the store, or sent along once as text when the store does not have them.
local function policyOf(blob, key, csv)
  if blob then return { unpackd('<' .. string.rep('d', #blob / 8), blob) } end
  local list, n = numbers(csv)
  redis.call('SET', key, pack('<' .. string.rep('d', n), unpack(list)), 'PX', 86400000)
  return list
end

local CREDIT_KEPT = ${KEPT.creditMs}
local MARGIN = ${KEPT.marginMs}
`;

/** What settlements need besides. */
export const CORRECTED = /* lua */ `
-- A slot advanced to now, moved by actual - reserved, where the reservation was made at reservedAt.
local function corrected(al, A, B, C, delta, x, y, z, reservedAt)
  if al <= 1 then
    A = A + delta
    if A < 0 - z then A = 0 - z end
    return A, 0, C
  end
  local window = windowAt(al, x, y, z, reservedAt)
  if al == 2 then
    if delta >= 0 or window == C then A = A + delta; if A < 0 then A = 0 end
    elseif window == C - y then B = B + delta; if B < 0 then B = 0 end end
    return A, B, C
  end
  if delta > 0 or window == C then
    A = A + delta
    if A < 0 then A = 0 end
    B = 0
  end
  return A, B, C
end
`;
