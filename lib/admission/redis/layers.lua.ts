import { LAYERS_MAX, LEAST_STEP } from "@/lib/limits/algorithms/layers";

/**
 * The layers of a bucket in Lua: lib/limits/algorithms/layers.ts on packed text, so that an admission reads and writes the
 * newest layer alone, whatever lies below. Each layer is 20 bytes: began (double), running (4), units (double).
 */
export const LAYERS = /* lua */ `
local pack, unpackd, sub = struct.pack, struct.unpack, string.sub

local function leaked(T, level, amount)
  local k, carry = #T, 0
  while k > 20 do
    local n, e = unpackd('<I4d', T, k - 11)
    if e > amount then break end
    amount, carry, k = amount - e, carry + n, k - 20
  end
  local n, e = unpackd('<I4d', T, k - 11)
  if k > 20 then e = e - amount elseif level < e then e = level end
  return sub(T, 1, k - 12) .. pack('<I4d', n + carry, e)
end

local function drained(T, bottom, vain)
  local k, total, before = #T, 0, bottom
  for at = 9, k, 20 do total = total + unpackd('<I4', T, at) end
  if total == 0 then return '' end
  if k == 20 then local e = unpackd('<d', T, 13); if e < before then before = e end end
  return sub(T, 1, 8) .. pack('<I4d', total, before - vain)
end

local function thinned(T, bottom, step)
  local began, n, e = unpackd('<dI4d', T, 1)
  local height, above, out, size = e - bottom, 0, {}, 1
  if height < 0 then height = 0 end
  local below = height
  for at = 21, #T, 20 do
    local u, m, f = unpackd('<dI4d', T, at)
    height = height + f
    if height <= below + below * step then
      n, above = n + m, above + f
    else
      out[size] = pack('<dI4d', began, n, e)
      began, n, e, below, above, size = u, m, above + f, height, 0, size + 1
    end
  end
  out[size] = pack('<dI4d', began, n, e)
  return table.concat(out, '', 1, size), above
end

local function laid(T, at, level, cost, bottom)
  local k = #T
  if k == 0 then return pack('<dI4d', at, 1, level + cost) end
  local began, n, e = unpackd('<dI4d', T, k - 19)
  if k == 20 and e <= bottom then return pack('<dI4d', at, 1, level + cost) end
  if began >= at then return sub(T, 1, k - 12) .. pack('<I4d', n + 1, e + cost) end
  if n == 0 then return sub(T, 1, k - 20) .. pack('<dI4d', at, 1, e + cost) end
  if k < ${20 * LAYERS_MAX} then return T .. pack('<dI4d', at, 1, cost) end
  local step = ${LEAST_STEP}
  local kept, above = thinned(T, bottom, step)
  while #kept > ${10 * LAYERS_MAX} do
    step = step * 2
    kept, above = thinned(T, bottom, step)
  end
  return kept .. pack('<dI4d', at, 1, above + cost)
end
`;

/** A call of a bucket is settled: how far the level moves, and the layers after it. */
export const SETTLED = /* lua */ `
local function settled(T, began, delta, bottom, at)
  local k = #T
  local own, low, high = -20, 0, k - 20
  if k > 0 and unpackd('<I4', T, k - 11) == 0 then high = high - 20 end
  while low <= high do
    local middle = math.floor((low + high) / 40) * 20
    if unpackd('<d', T, middle + 1) <= began then own, low = middle, middle + 20 else high = middle - 20 end
  end
  if own < 0 then
    if delta <= 0 then return 0, T end
    if k == 0 then return delta, T end
    local n, e = unpackd('<I4d', T, k - 11)
    if n == 0 then return delta, sub(T, 1, k - 8) .. pack('<d', e + delta) end
    return delta, T .. pack('<dI4d', at, 0, delta)
  end
  local n, e = unpackd('<I4d', T, own + 9)
  local moved = 0
  if own == 0 and e < bottom then
    moved = delta + (e - bottom)
    if moved < 0 then moved = 0 end
  elseif delta > 0 then moved = delta end
  local need, from = 0 - delta, own
  while need > 0 and from >= 0 do
    if from ~= own then e = unpackd('<d', T, from + 13) end
    local room = e
    if from == 0 then room = e - bottom end
    if room > 0 then
      if room > need then room = need end
      T = sub(T, 1, from + 12) .. pack('<d', e - room) .. sub(T, from + 21)
      need, moved = need - room, moved - room
    end
    from = from - 20
  end
  if moved > 0 then
    local next = own + 20
    if next < k then
      T = sub(T, 1, next + 12) .. pack('<d', unpackd('<d', T, next + 13) + moved) .. sub(T, next + 21)
    else T = T .. pack('<dI4d', at, 0, moved) end
  end
  if n == 1 and own + 20 < #T then
    local units = unpackd('<d', T, own + 13)
    if own == 0 and units < bottom then units = bottom end
    T = sub(T, 1, own) .. sub(T, own + 21, own + 32) .. pack('<d', units + unpackd('<d', T, own + 33)) .. sub(T, own + 41)
  else T = sub(T, 1, own + 8) .. pack('<I4', n - 1) .. sub(T, own + 13) end
  if #T == 20 and unpackd('<I4', T, 9) == 0 then T = '' end
  return moved, T
end
`;
