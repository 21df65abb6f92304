import { makeScript } from "@/lib/redis/script";
import { CLOCK } from "./clock.lua";
import { LAYERS } from "./layers.lua";
import { SLOTS } from "./slots.lua";

/**
 * Lifts one counter to what is known to be used of it, or sets it to that.
 *
 * KEYS  1 subject
 * ARGV  1 now ms (as in CLOCK)  2 policy as text, one slot  3 used in this window  4 used in the one before  5 'set' = up or down
 * Reply W written | = it stands there already
 */
export const RAISE = makeScript(`${CLOCK}${LAYERS}${SLOTS}
local now = timeOf(ARGV[1])
local Q = numbers(ARGV[2])
local id, al, x, y, z = Q[2], Q[3], Q[5], Q[6], Q[7]
local used, before = ARGV[3] + 0, ARGV[4] + 0
local raw = redis.call('GET', KEYS[1])
local bag, order = {}, {}
if raw then bag, order = bagOf(raw) end
local slot = bag[id]
local A, B, C, T
if slot then A, B, C, T = advance(al, true, slot[1], slot[2], slot[3], slot[4], x, y, z, now)
else A, B, C, T = advance(al, false, 0, 0, 0, '', x, y, z, now) end
if ARGV[5] ~= 'set' and A >= used + before then return '=' end
A, B, T = used + before, 0, ''
if before > 0 then T = pack('<dd', floor(C / y) * y, before) end
if al == 2 and used > 0 then T = T .. pack('<dd', C, used) end
if not slot then order[#order + 1] = id end
bag[id] = { A, B, C, T, slotOf(al, id, A, B, C, T) }
local out = ''
for _, one in ipairs(order) do out = out .. bag[one][5] end
local keep, left = keptMs(al, A, C, T, x, y, z, now), redis.call('PTTL', KEYS[1])
if left > keep then keep = left end
redis.call('SET', KEYS[1], out, 'PX', string.format('%d', ceil(keep) + MARGIN))
return 'W'
`);
