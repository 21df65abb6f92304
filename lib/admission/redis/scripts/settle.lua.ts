import { REFILL_UNKNOWN } from "@/lib/limits/charge";
import { makeScript } from "@/lib/redis/script";
import { CALL_CHARS } from "../../keys";
import { CLOCK } from "./clock.lua";
import { perShape, policyRead, slotsOf, spread } from "./shape";
import { UNTOUCHED } from "./slots.lua";
import { FINISHED, straightSettle } from "./straight.lua";

/**
 * Replaces a reservation by what was used, once.
 *
 * KEYS  1 reservation  2 flags  3 policy  4.. subjects (S)  then open  then leases (L)  then note  last finished calls;
 *       of a shape with a script of its own 3 has the amounts, and the policy is the last but one
 * ARGV  1 now ms (as in CLOCK)  2 request id  3 S  4 L  5 actual - reserved per slot, as text; 1e16 = untouched
 *       6 policy as text, or '' to use the stored one  7 ms for which the request id is remembered
 *       8 version of the policy that admitted it, comma  9 ms at which that policy changes by itself; '' = it does not
 * Reply S settled | R settled before | U unknown | N policy needed
 */
export const SETTLE = perShape((shape) =>
  makeScript(`${CLOCK}
local S, L = ARGV[3] + 0, ARGV[4] + 0
local vals = redis.call('MGET', unpack(KEYS, 1, 3 + S))
local held = vals[1]
if not held then
  if redis.call('SISMEMBER', KEYS[#KEYS], string.sub(KEYS[1], -${CALL_CHARS})) == 1 then return 'R' end
  return 'U'
end
if not vals[3] and ARGV[6] == '' then return 'N' end
local now, isServers = timeOf(ARGV[1])
local reservedAt = string.match(held, '^.,(%d+)') + 0
-- Whether its limits may be others by now: then the next admission says what leaks, and nothing is forgotten sooner.
local changed = string.sub(vals[2] or '', 1, #ARGV[8]) ~= ARGV[8] or (ARGV[9] ~= '' and now >= ARGV[9] + 0)
${straightSettle(shape)}
${policyRead(shape, { key: "KEYS[3]", stored: "vals[3]", text: "ARGV[6]" })}
local D = numbers(ARGV[5])${spread({ ...shape, groups: shape.groups.slice(0, slotsOf(shape)) }, "D")}

local i, q = 0, S
for k = 1, S do
  local raw = vals[3 + k]
  local bag, order = {}, {}
  local dirty, keep = false, 1
  -- Buckets hear that a call is over even when it used what it reserved.
  for j = 1, Q[k] do
    local delta = D[i + j]
    if delta < ${UNTOUCHED} and (delta ~= 0 or Q[q + 7 * j - 5] == 0 or Q[q + 7 * j - 5] == 1) then dirty = true end
  end
  if not dirty then
    i = i + Q[k]
    q = q + 7 * Q[k]
  else
    if raw then bag, order = bagOf(raw) end
    for _ = 1, Q[k] do
      i = i + 1
      local id, al, cap, x, y, z = Q[q + 1], Q[q + 2], Q[q + 3], Q[q + 4], Q[q + 5], Q[q + 6]
      q = q + 7
      local delta, slot = D[i], bag[id]
      if delta < ${UNTOUCHED} and (delta ~= 0 or al == 0 or al == 1) then
        local A, B, C, T
        if slot and changed and al <= 1 then
          A, B, C, T = corrected(al, slot[1], slot[2], slot[3], slot[4], delta, cap, ${REFILL_UNKNOWN}, y, z, reservedAt)
        else
          if slot then A, B, C, T = advance(al, true, slot[1], slot[2], slot[3], slot[4], x, y, z, now)
          else A, B, C, T = advance(al, false, 0, 0, 0, '', x, y, z, now) end
          A, B, C, T = corrected(al, A, B, C, T, delta, cap, x, y, z, reservedAt)
        end
        if not slot then order[#order + 1] = id end
        slot = { A, B, C, T, slotOf(al, id, A, B, C, T) }
        bag[id] = slot
      end
      if slot then
        local last = keptMs(al, slot[1], slot[3], slot[4], x, y, z, now)
        if last > keep then keep = last end
        slot.known = true
      end
    end
    local out, foreign = {}, false
    for n, id in ipairs(order) do
      out[n] = bag[id][5]
      if not bag[id].known then foreign = true end
    end
    local key = KEYS[3 + k]
    if foreign or changed then
      local left = redis.call('PTTL', key)
      if left > keep then keep = left end
    end
    redis.call('SET', key, table.concat(out), 'PX', string.format('%d', ceil(keep) + MARGIN))
  end
end
redis.call('ZREM', KEYS[4 + S], ARGV[2])
for k = 1, L do redis.call('ZREM', KEYS[4 + S + k], ARGV[2]) end
${FINISHED}
`),
);
