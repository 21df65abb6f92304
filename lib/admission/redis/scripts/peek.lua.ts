import { makeScript } from "@/lib/redis/script";
import { CLOCK } from "./clock.lua";
import { LAYERS } from "./layers.lua";
import { SLOTS } from "./slots.lua";

/**
 * The levels and waits that an admission of one unit each would find.
 *
 * KEYS  1.. subjects (S)  then leases (L)
 * ARGV  1 now ms (as in CLOCK)  2 S  3 L  4 policy as text
 * Reply P,now,levels;waits;rests as in an admission
 */
export const PEEK = makeScript(`${CLOCK}${LAYERS}${SLOTS}
local S, L = ARGV[2] + 0, ARGV[3] + 0
local now = timeOf(ARGV[1])
local Q = numbers(ARGV[4])
local vals = {}
if S > 0 then vals = redis.call('MGET', unpack(KEYS, 1, S)) end
local levels, waits, rests, i, q = {}, {}, {}, 0, S
for k = 1, S do
  local bag = {}
  if vals[k] then bag = bagOf(vals[k]) end
  for _ = 1, Q[k] do
    i = i + 1
    local al, cap, x, y, z, observed = Q[q + 2], Q[q + 3], Q[q + 4], Q[q + 5], Q[q + 6], Q[q + 7]
    local slot = bag[Q[q + 1]]
    q = q + 7
    local has, A, B, C, T = false, 0, 0, 0, ''
    if slot then has, A, B, C, T = true, slot[1], slot[2], slot[3], slot[4] end
    levels[i] = shown(cap, levelOf(al, has, A, B, C, T, cap, x, y, z, observed, now))
    if al == 2 then rests[#rests + 1] = string.format('%d', math.max(0, rest(al, A, C, T, x, y, z, now))) end
    waits[i] = waitFor(al, has, A, B, C, T, cap, x, y, z, 1, observed, now)
  end
end
for k = 1, L do
  i = i + 1
  local live, cap = redis.call('ZCOUNT', KEYS[S + k], string.format('(%d', now), '+inf'), Q[q + 2 * k - 1]
  levels[i] = live
  waits[i] = 0
  if live + 1 > cap then if cap < 1 then waits[i] = -1 else waits[i] = 1000 end end
end
local form = string.sub(string.rep('%d:', i), 1, -2)
return string.format('P,%d,', now) .. string.format(form, unpack(levels)) .. ';' ..
  string.format(form, unpack(waits)) .. ';' .. table.concat(rests, ':')
`);
