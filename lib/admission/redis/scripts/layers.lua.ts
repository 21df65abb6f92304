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

-- A call that lays cost on a bucket which leaked by amount to level, above the bottom; its k bytes of layers stand in raw
-- at p. Returns the layers in two pieces, so that those which stay are copied once, and their bytes.
local function charged(raw, p, k, amount, at, level, cost, bottom)
  if k == 0 then return '', pack('<dI4d', at, 1, level + cost), 20 end
  local began, n, e = unpackd('<dI4d', raw, p + k - 20)
  if amount > 0 then
    local carry = 0
    while k > 20 and e <= amount do
      amount, carry, k = amount - e, carry + n, k - 20
      began, n, e = unpackd('<dI4d', raw, p + k - 20)
    end
    n = n + carry
    if k > 20 then e = e - amount elseif level < e then e = level end
  end
  if k == 20 and e <= bottom then return '', pack('<dI4d', at, 1, level + cost), 20 end
  local below = sub(raw, p, p + k - 21)
  if began >= at then return below, pack('<dI4d', began, n + 1, e + cost), k end
  if n == 0 then return below, pack('<dI4d', at, 1, e + cost), k end
  if k < ${20 * LAYERS_MAX} then return below, pack('<dI4ddI4d', began, n, e, at, 1, cost), k + 20 end
  local T = below .. pack('<dI4d', began, n, e)
  local step = ${LEAST_STEP}
  local kept, above = thinned(T, bottom, step)
  while #kept > ${10 * LAYERS_MAX} do
    step = step * 2
    kept, above = thinned(T, bottom, step)
  end
  return kept, pack('<dI4d', at, 1, above + cost), #kept + 20
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
  -- The usual end: less was used, all of it lies in the call's own layer, and the layer ends with it.
  if delta <= 0 and n == 1 and own + 20 < k then
    local left = e + delta
    if (own > 0 and left >= 0) or (own == 0 and left >= bottom) then
      if k == 40 and unpackd('<I4', T, 29) == 0 then return delta, '' end
      return delta, sub(T, 1, own) .. sub(T, own + 21, own + 32) ..
        pack('<d', left + unpackd('<d', T, own + 33)) .. sub(T, own + 41)
    end
  end
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

-- The same for a bucket that leaks by amount to level first; its k bytes of layers stand in raw at p. The two usual ends, of
-- a call that runs alone and of one whose layer ends with it, are done in one pass.
local function ended(raw, p, k, level, amount, began, delta, bottom, at)
  if k == 20 then
    local u, n, e = unpackd('<dI4d', raw, p)
    if n == 1 and u <= began then
      if level < bottom then
        if e > bottom then e = bottom end
        e = e - (bottom - level)
      elseif amount > 0 and level < e then e = level end
      local room = e - bottom
      if room < 0 then
        if delta + room > 0 then return delta + room, '' end
        return 0, ''
      end
      if delta >= 0 or 0 - delta <= room then return delta, '' end
      return 0 - room, ''
    end
  elseif k > 20 and level > bottom and delta <= 0 then
    local top = p + k - 20
    local tu, tn, te = unpackd('<dI4d', raw, top)
    if amount == 0 or te > amount then
      local own = -20
      local low, high = 0, k - 40
      if unpackd('<d', raw, p + 20) > began then high = 0 end
      if tn > 0 and tu <= began then high = -20 end
      while low <= high do
        local middle = math.floor((low + high) / 40) * 20
        if unpackd('<d', raw, p + middle) <= began then own, low = middle, middle + 20 else high = middle - 20 end
      end
      if own >= 0 then
        local n, e = unpackd('<I4d', raw, p + own + 8)
        local left, next = e + delta, p + own + 20
        if n == 1 and ((own > 0 and left >= 0) or (own == 0 and left >= bottom)) then
          if amount > 0 then te = te - amount end
          if k == 40 and tn == 0 then return delta, '' end
          local below = sub(raw, p, p + own - 1)
          if next == top then return delta, below .. pack('<dI4d', tu, tn, left + te) end
          local nu, nn, ne = unpackd('<dI4d', raw, next)
          return delta, below .. pack('<dI4d', nu, nn, left + ne) .. sub(raw, next + 20, top - 1) .. pack('<dI4d', tu, tn, te)
        end
      end
    end
  end
  local T = sub(raw, p, p + k - 1)
  if T ~= '' and amount > 0 then
    if level > bottom then T = leaked(T, level, amount) else T = drained(T, bottom, bottom - level) end
  end
  return settled(T, began, delta, bottom, at)
end
`;
