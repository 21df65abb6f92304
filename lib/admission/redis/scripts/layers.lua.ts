import { LAYERS_MAX, LEAST_STEP } from "@/lib/limits/algorithms/layers";

/** A slot's id and its form share three bytes: the form is counted in steps of this. */
export const FORM = 2_097_152;

/**
 * The layers of a bucket in Lua: lib/limits/algorithms/layers.ts on packed text, the newest last. Each layer is 20 bytes:
 * began (double), running (4), units (double). Split into parts, as making an unneeded function costs each call time.
 */
export const PACKING = /* lua */ `
local pack, unpackd, sub = struct.pack, struct.unpack, string.sub
`;

/** Only the newest layer, for a bucket that leaks less than that layer holds. */
export const NEWEST = /* lua */ `
-- The newest of k layers once its bucket has leaked by amount to level, above the floor: how many layers are left, and the
-- newest of them. The k - 1 others stand in raw at p.
local function newest(raw, p, k, u, n, e, amount, level)
  local carry = 0
  while k > 1 and e <= amount do
    amount, carry, k = amount - e, carry + n, k - 1
    u, n, e = unpackd('<dI4d', raw, p + 20 * k - 20)
  end
  n = n + carry
  if k > 1 then e = e - amount elseif level < e then e = level end
  return k, u, n, e
end
`;

/** All layers of a bucket that leaks. */
export const LEAKS = /* lua */ `
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

`;

/** A call is laid on a bucket. */
export const LAYING = /* lua */ `
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

-- Layers of which there are as many as may be: fewer, with room for one more; and what the next one lies on.
local function fewerLayers(T, bottom)
  local step = ${LEAST_STEP}
  local kept, above = thinned(T, bottom, step)
  while #kept > ${10 * LAYERS_MAX} do
    step = step * 2
    kept, above = thinned(T, bottom, step)
  end
  return kept, above
end

-- The layers of a bucket at level, above the bottom, with a call's cost laid on top at a time.
local function laid(T, at, level, cost, bottom)
  local k = #T
  if k == 0 then return pack('<dI4d', at, 1, level + cost) end
  local u, n, e = unpackd('<dI4d', T, k - 19)
  if k == 20 and e <= bottom then return pack('<dI4d', at, 1, level + cost) end
  if u >= at then return sub(T, 1, k - 20) .. pack('<dI4d', u, n + 1, e + cost) end
  if n == 0 then return sub(T, 1, k - 20) .. pack('<dI4d', at, 1, e + cost) end
  if k < ${20 * LAYERS_MAX} then return T .. pack('<dI4d', at, 1, cost) end
  local kept, above = fewerLayers(T, bottom)
  return kept .. pack('<dI4d', at, 1, above + cost)
end
`;

export const LAYERS = `${PACKING}${LEAKS}${LAYING}`;

/** Settles a call of a bucket: how far the level moves, and the layers after it. */
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

-- The same for a bucket that stands at level now, having leaked by amount (to under, if it had no bottom), with its newest
-- layer (u, n, e) and k - 1 others in raw at p. Returns its level, how many layers it has, and its text for the given id,
-- in two pieces. The usual ends are done in one pass: the only call ends, or its own layer holds all that it gives back.
local function ended(id, raw, p, k, u, n, e, level, under, amount, at, began, delta, bottom)
  if k == 1 and u <= began then
    local f = e
    if under < bottom then
      if f > bottom then f = bottom end
      f = f - (bottom - under)
    elseif amount > 0 and under < f then f = under end
    local room = f - bottom
    if n == 1 then
      if room < 0 then
        if delta + room > 0 then level = level + (delta + room) end
      elseif delta >= 0 or 0 - delta <= room then level = level + delta
      else level = level - room end
      return level, 0, pack('<I3dd', id, level, at), ''
    end
    if delta <= 0 and f + delta >= bottom and under > bottom then
      level = level + delta
      return level, 1, pack('<I3dddI4d', id + ${FORM}, level, at, u, n - 1, f + delta), ''
    end
  elseif k > 1 and under > bottom and delta <= 0 and (amount == 0 or e > amount) then
    local top = e
    if amount > 0 then top = e - amount end
    if n > 0 and u <= began then
      if top + delta >= 0 then
        level = level + delta
        return level, k, pack('<I3dddBdI4d', id + ${2 * FORM}, level, at, 0, k, u, n - 1, top + delta), sub(raw, p, p + 20 * k - 21)
      end
    else
      local own, low, high = -20, 0, 20 * k - 40
      if k > 2 and unpackd('<d', raw, p + 20) > began then high = 0 end
      while low <= high do
        local middle = math.floor((low + high) / 40) * 20
        if unpackd('<d', raw, p + middle) <= began then own, low = middle, middle + 20 else high = middle - 20 end
      end
      if own >= 0 then
        local m, f, after = unpackd('<I4d', raw, p + own + 8)
        local left, last = f + delta, p + 20 * k - 21
        if (own > 0 and left >= 0) or (own == 0 and left >= bottom) then
          level = level + delta
          if m > 1 then
            return level, k, pack('<I3dddBdI4d', id + ${2 * FORM}, level, at, 0, k, u, n, top),
              sub(raw, p, p + own + 7) .. pack('<I4d', m - 1, left) .. sub(raw, after, last)
          end
          if after > last then
            top = left + top
            if k > 2 then
              return level, k - 1, pack('<I3dddBdI4d', id + ${2 * FORM}, level, at, 0, k - 1, u, n, top), sub(raw, p, p + own - 1)
            end
            if n == 0 then return level, 0, pack('<I3dd', id, level, at), '' end
            return level, 1, pack('<I3dddI4d', id + ${FORM}, level, at, u, n, top), ''
          end
          local v, w, g, rest = unpackd('<dI4d', raw, after)
          if own == 0 then
            return level, k - 1, pack('<I3dddBdI4ddI4d', id + ${2 * FORM}, level, at, 0, k - 1, u, n, top, v, w, left + g),
              sub(raw, rest, last)
          end
          return level, k - 1, pack('<I3dddBdI4d', id + ${2 * FORM}, level, at, 0, k - 1, u, n, top),
            sub(raw, p, p + own - 1) .. pack('<dI4d', v, w, left + g) .. sub(raw, rest, last)
        end
      end
    end
  end
  local T = ''
  if k > 0 then T = pack('<dI4d', u, n, e) end
  if k > 1 then T = sub(raw, p, p + 20 * k - 21) .. T end
  if k > 0 and amount > 0 then
    if under > bottom then T = leaked(T, under, amount) else T = drained(T, bottom, bottom - under) end
  end
  local moved
  moved, T = settled(T, began, delta, bottom, at)
  level, k = level + moved, #T
  if k == 0 then return level, 0, pack('<I3dd', id, level, at), '' end
  if k == 20 then return level, 1, pack('<I3dd', id + ${FORM}, level, at), T end
  return level, k / 20, pack('<I3dddB', id + ${2 * FORM}, level, at, 0, k / 20) .. sub(T, k - 19), sub(T, 1, k - 20)
end
`;
