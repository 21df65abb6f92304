import { ENTRIES_MAX } from "@/lib/limits/algorithms/sliding-window";
import { LEVEL_PARTS, LEVEL_PARTS_MAX, LEVEL_WHOLE_FROM } from "@/lib/limits/decide";
import { CREDIT_KEPT_MS, KEPT_MAX_MS, OPEN_KEPT_MS } from "@/lib/limits/slot";
import { STRIKE_RULES } from "@/lib/limits/strikes";
import { FORM } from "./layers.lua";

/** The rules for callers that come back early. */
export const STRIKES = /* lua */ `
local STRIKE_GRACE, STRIKE_BASE, STRIKE_CAP = ${STRIKE_RULES.graceMs}, ${STRIKE_RULES.baseMs}, ${STRIKE_RULES.capMs}
local STRIKE_MOST, STRIKE_KEPT = ${STRIKE_RULES.countMax}, ${KEPT_MAX_MS}
`;

/** How long counters are kept: with saved credit or running calls for long, all others until just after they are unused. */
export const KEPT = { creditMs: CREDIT_KEPT_MS, openMs: OPEN_KEPT_MS, maxMs: KEPT_MAX_MS, marginMs: 1000 };

/** What a settlement sends for a counter that its call does not touch: beyond any amount. */
export const UNTOUCHED = 1e16;

/**
 * The arithmetic of lib/limits in Lua, shared by the scripts. Same operations in the same order as the TypeScript, so
 * that both give the same doubles to the bit.
 *
 * A subject's counters are one string. Per slot 3 bytes of id and form, then level and time (doubles), then by form:
 * 0 nothing; 1 one layer (20 bytes); 2 debt (double), the number of layers (1), the newest layer, then the others from
 * the oldest on; 3 the number of entries (1), entries of time and units (doubles each); 4 debt (double). The id names the limit, so that limits may come, go and change places
 * without touching the others' counts. Algorithms: -1 token bucket of requests, which keeps no
 * layers, 0 token, 1 leaky, 2 sliding, 3 fixed, 4 calendar.
 * x, y, z: refill, period ms, credit - or, for calendar windows, start, end and end of the next.
 * A slot is A, B, C as in lib/limits/slot.ts, and T: its marks, packed.
 */
export const SLOTS = /* lua */ `
local ceil = math.ceil

local function windowAt(al, x, y, z, now)
  if al == 4 then
    if now < y then return x end
    if now < z then return y end
    return z
  end
  return floor(now / y) * y
end

local function advance(al, has, A, B, C, T, x, y, z, now)
  if al <= 1 then
    if not has then return 0, 0, now, '' end
    if now <= C then return A, B, C, T end
    local amount = ((now - C) * x) / y
    local a = A - amount
    if B > 0 then B = B - amount; if B < 0 then B = 0 end end
    local bottom = 0 - z
    if a > bottom then
      if T ~= '' then T = leaked(T, a, amount) end
      return a, B, now, T
    end
    if T ~= '' then T = drained(T, bottom, bottom - a) end
    return bottom, B, now, T
  end
  if al == 2 then
    if not has then return 0, 0, now, '' end
    local from, size = 1, #T
    while from < size do
      local t, u = unpackd('<dd', T, from)
      if t + y > now then break end
      A, from = A - u, from + 16
    end
    if from > 1 then T = sub(T, from) end
    if now > C then C = now end
    return A, 0, C, T
  end
  local start = windowAt(al, x, y, z, now)
  if not has or C < start then return 0, 0, start, '' end
  return A, B, C, ''
end

-- Units that count at now, from the slot as it is stored.
local function levelOf(al, has, A, B, C, T, cap, x, y, z, observed, now)
  if not has then return 0 end
  if al <= 1 then
    local most = cap + B
    if A > most and observed == 0 then A = most end
    if now <= C then return A end
    A = A - ((now - C) * x) / y
    if A < 0 - z then return 0 - z end
    return A
  end
  if al == 2 then
    for at = 1, #T, 16 do
      local t, u = unpackd('<dd', T, at)
      if t + y > now then break end
      A = A - u
    end
    return A
  end
  if C < windowAt(al, x, y, z, now) then return 0 end
  return A
end

-- A level as it is reported: whole units, or parts of one where the limit is not large.
local function shown(cap, level)
  if cap >= ${LEVEL_WHOLE_FROM} then return ceil(level) end
  level = ceil(level * ${LEVEL_PARTS})
  if level > ${LEVEL_PARTS_MAX} then return ${LEVEL_PARTS_MAX} end
  return level
end

local function fits(al, level, cap, cost)
  if al == 1 then return level <= 0 and cost <= cap end
  return level <= cap - cost
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

local function rest(al, A, C, T, x, y, z, now)
  if al <= 1 then
    if A < 0 then A = 0 end
    return ceil((A * y) / x) + (C - now)
  end
  if al == 2 then
    if T == '' then return 0 end
    return unpackd('<d', T, #T - 15) + y - now
  end
  if A > 0 then return windowEnd(al, x, y, z, C, now) - now end
  return 0
end

local function keptMs(al, A, C, T, x, y, z, now)
  local last = rest(al, A, C, T, x, y, z, now)
  if last < 0 then last = 0 end
  if al <= 0 and z > 0 then last = last + ${KEPT.creditMs} end
  if al <= 1 and T ~= '' and last < ${KEPT.openMs} then last = ${KEPT.openMs} end
  if last > ${KEPT.maxMs} then last = ${KEPT.maxMs} end
  return last
end

local function waitFor(al, has, A, B, C, T, cap, x, y, z, cost, observed, now)
  local credit = 0
  if al <= 0 and has then credit = z end
  if cost > cap + credit then return -1 end
  local function fitsAt(at)
    return fits(al, levelOf(al, has, A, B, C, T, cap, x, y, z, observed, at), cap, cost)
  end
  if fitsAt(now) then return 0 end
  local guess
  if al <= 1 then
    local level, ahead = levelOf(al, has, A, B, C, T, cap, x, y, z, observed, now), 0
    if has and now < C then ahead = C - now end
    local asked = cost
    if al == 1 then asked = cap end
    guess = ceil(((level + asked - cap) * y) / x) + ahead
  elseif al == 2 then
    guess = y
    local over = A + cost - cap
    for at = 1, #T, 16 do
      local t, u = unpackd('<dd', T, at)
      over = over - u
      if over <= 0 then guess = t + y - now; break end
    end
  else
    if not has then C = now end
    guess = windowEnd(al, x, y, z, C, now) - now
  end
  if guess < 1 then guess = 1 end
  for _ = 1, 8 do if fitsAt(now + guess) then break end; guess = guess + 1 end
  for _ = 1, 8 do if guess <= 1 or not fitsAt(now + guess - 1) then break end; guess = guess - 1 end
  if guess > ${KEPT.maxMs} then return ${KEPT.maxMs} end
  return guess
end

local function slotOf(al, id, A, B, C, T)
  local k = #T
  if al == 2 then return pack('<I3ddB', id + ${3 * FORM}, A, C, k / 16) .. T end
  if k > 0 and (B ~= 0 or k > 20) then
    return pack('<I3dddB', id + ${2 * FORM}, A, C, B, k / 20) .. sub(T, k - 19) .. sub(T, 1, k - 20)
  end
  if k > 0 then return pack('<I3dd', id + ${FORM}, A, C) .. T end
  if B ~= 0 then return pack('<I3ddd', id + ${4 * FORM}, A, C, B) end
  return pack('<I3dd', id, A, C)
end

-- The slot that stands at pos: id, A, B, C, T, and where the next one stands.
local function slotAt(raw, pos)
  local id, A, C, after = unpackd('<I3dd', raw, pos)
  local form = floor(id / ${FORM})
  id = id % ${FORM}
  if form == 0 then return id, A, 0, C, '', after end
  if form == 1 then return id, A, 0, C, sub(raw, after, after + 19), after + 20 end
  if form == 2 then
    local B, k, from = unpackd('<dB', raw, after)
    after = from + 20 * k
    return id, A, B, C, sub(raw, from + 20, after - 1) .. sub(raw, from, from + 19), after
  end
  if form == 3 then
    local k, from = unpackd('<B', raw, after)
    return id, A, 0, C, sub(raw, from, from + 16 * k - 1), from + 16 * k
  end
  local B
  B, after = unpackd('<d', raw, after)
  return id, A, B, C, '', after
end

-- Every slot of a subject by its id, for when they do not stand in the expected order.
local function bagOf(raw)
  local bag, order, pos = {}, {}, 1
  while pos <= #raw do
    local from = pos
    local id, A, B, C, T
    id, A, B, C, T, pos = slotAt(raw, pos)
    bag[id] = { A, B, C, T, sub(raw, from, pos - 1) }
    order[#order + 1] = id
  end
  return bag, order
end

-- The entries of a window, packed, within their bound.
local function fewer(T, cap)
  local most = floor(cap / 64)
  while #T > ${16 * ENTRIES_MAX} do
    local out, size, t, u = {}, 0, 0, 0
    for at = 1, #T, 16 do
      local time, units = unpackd('<dd', T, at)
      if at > 1 and u + units <= most then t, u = time, u + units
      else
        if at > 1 then size = size + 1; out[size] = pack('<dd', t, u) end
        t, u = time, units
      end
    end
    out[size + 1] = pack('<dd', t, u)
    T = table.concat(out)
    most = most * 2 + 1
  end
  return T
end

-- An advanced slot with cost taken.
local function taken(al, A, B, C, T, cap, z, cost)
  if al == -1 then return A + cost, B, C, '' end
  if al <= 1 then
    return A + cost, B, C, laid(T, C, A, cost, 0 - z)
  end
  if al == 2 then
    local k = #T
    if k > 0 then
      local t, u = unpackd('<dd', T, k - 15)
      if t >= C or u + cost <= floor(cap / 64) then
        return A + cost, 0, C, fewer(sub(T, 1, k - 16) .. pack('<dd', C, u + cost), cap)
      end
    end
    return A + cost, 0, C, fewer(T .. pack('<dd', C, cost), cap)
  end
  return A + cost, 0, C, ''
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

local MARGIN = ${KEPT.marginMs}
`;

/** What settlements need in addition to `SETTLED`. */
export const CORRECTED = /* lua */ `
-- Debt once an overrun has moved the level to A: what of it stands above the capacity.
local function debtAfter(B, A, cap, delta)
  local debt = A - cap
  if debt > B + delta then debt = B + delta end
  if debt > B then return debt end
  return B
end

-- A slot advanced to now once its call is over, which was admitted at reservedAt and used delta more than it reserved.
local function corrected(al, A, B, C, T, delta, cap, x, y, z, reservedAt)
  if al == -1 then
    if delta > 0 then
      A = A + delta
      return A, debtAfter(B, A, cap, delta), C, ''
    end
    local back, most = C - reservedAt, A + z
    if back < 0 then back = 0 end
    back = (0 - delta) - (back * x) / y
    if back < 0 then back = 0 end
    if most < 0 then most = 0 end
    if back > most then back = most end
    return A - back, B, C, ''
  end
  if al <= 1 then
    local moved
    moved, T = settled(T, reservedAt, delta, 0 - z, C)
    A = A + moved
    if delta > 0 then B = debtAfter(B, A, cap, delta) end
    return A, B, C, T
  end
  if al == 2 then
    if delta == 0 or reservedAt + y <= C then return A, B, C, T end
    local at, size, time, units = 1, #T, 0, 0
    while at < size do
      time, units = unpackd('<dd', T, at)
      if time >= reservedAt then break end
      at = at + 16
    end
    if delta > 0 then
      if at < size and time == reservedAt then
        T = sub(T, 1, at - 1) .. pack('<dd', time, units + delta) .. sub(T, at + 16)
      else T = sub(T, 1, at - 1) .. pack('<dd', reservedAt, delta) .. sub(T, at) end
      return A + delta, 0, C, fewer(T, cap)
    end
    local back, before, rest = 0 - delta, sub(T, 1, at - 1), ''
    while at < size and units <= back do
      back, at = back - units, at + 16
      if at < size then time, units = unpackd('<dd', T, at) end
    end
    if at < size then rest, back = pack('<dd', time, units - back) .. sub(T, at + 16), 0 end
    return A + delta + back, 0, C, before .. rest
  end
  if delta < 0 and windowAt(al, x, y, z, reservedAt) ~= C then return A, B, C, T end
  A = A + delta
  if A < 0 then A = 0 end
  return A, 0, C, ''
end
`;
