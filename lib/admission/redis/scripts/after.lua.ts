import { makeScript } from "@/lib/redis/script";
import { CALL_CHARS } from "../../keys";
import { LAYERS } from "./layers.lua";
import { perShape, policyRead, slotsOf, spread } from "./shape";
import { CLOCK, SLOTS, UNTOUCHED } from "./slots.lua";
import { FINISHED, straightSettle } from "./straight.lua";

/**
 * Replaces a reservation by what was used, once.
 *
 * KEYS  1 reservation  2 note  3 policy  4.. subjects (S)  then open  then leases (L)  last finished calls;
 *       of a shape with a script of its own 3 has the amounts, and the policy is the last but one
 * ARGV  1 now ms (0 = the server's)  2 request id  3 S  4 L  5 actual - reserved per slot, as text; 1e16 = untouched
 *       6 policy as text, or '' to use the stored one  7 ms for which the request id is remembered
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
local now = timeOf(ARGV[1])
local reservedAt = string.match(held, '^.,(%d+)') + 0
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
        if slot then A, B, C, T = advance(al, true, slot[1], slot[2], slot[3], slot[4], x, y, z, now)
        else A, B, C, T = advance(al, false, 0, 0, 0, '', x, y, z, now) end
        A, B, C, T = corrected(al, A, B, C, T, delta, cap, x, y, z, reservedAt)
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
    if foreign then
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

/**
 * A running call is alive: its leases and its place among the running calls are prolonged.
 *
 * KEYS  1 reservation  2 note  3 open  4.. leases
 * ARGV  1 now ms (0 = the server's)  2 request id  3 lease ms  4 note, '' = none
 * Reply H held | G gone: settled, taken over or forgotten
 */
export const HEARTBEAT = makeScript(`${CLOCK}
local held = redis.call('GET', KEYS[1])
if not held or string.byte(held) ~= 65 then return 'G' end
local lease = ARGV[3] + 0
local dead = string.format('%d', timeOf(ARGV[1]) + lease)
redis.call('ZADD', KEYS[3], dead, ARGV[2])
for k = 4, #KEYS do
  redis.call('ZADD', KEYS[k], 'XX', dead, ARGV[2])
  redis.call('PEXPIRE', KEYS[k], lease + 86400000)
end
if ARGV[4] ~= '' then redis.call('SET', KEYS[2], ARGV[4], 'PX', 86400000) end
redis.call('PEXPIRE', KEYS[1], 86400000)
return 'H'
`);

/**
 * Claims calls that count as dead: they count as alive again for one lease, in the claimer's name.
 *
 * KEYS  running calls of each tenant
 * ARGV  1 now ms (0 = the server's)  2 lease ms  3 most per tenant
 * Reply C and, per call, its key's index and its request id: C1=req_a,2=req_b
 */
export const CLAIM = makeScript(`${CLOCK}
local now = timeOf(ARGV[1])
local found = {}
for k = 1, #KEYS do
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[k], '-inf', string.format('%d', now), 'LIMIT', 0, ARGV[3] + 0)) do
    redis.call('ZADD', KEYS[k], string.format('%d', now + ARGV[2]), id)
    found[#found + 1] = k .. '=' .. id
  end
end
return 'C' .. table.concat(found, ',')
`);

/**
 * Takes a claimed call over: its owner's next heartbeat gets "gone".
 *
 * KEYS  1 reservation  2 note  3 open          ARGV  1 request id
 * Reply T<length of the reservation>,<reservation><note> | X it is settled or forgotten
 */
export const TAKE_OVER = makeScript(`
local held = redis.call('GET', KEYS[1])
if not held then
  redis.call('ZREM', KEYS[3], ARGV[1])
  return 'X'
end
redis.call('SETRANGE', KEYS[1], 0, 'R')
return 'T' .. #held .. ',' .. held .. (redis.call('GET', KEYS[2]) or '')
`);

/**
 * Request ids of the calls that run, or wait to be taken over.
 *
 * KEYS  1 open          ARGV  1 how many at most
 * Reply I<ids, separated by commas>
 */
export const RUNNING = makeScript(`
return 'I' .. table.concat(redis.call('ZRANGE', KEYS[1], 0, ARGV[1] - 1), ',')
`);

/**
 * Several reservations at once.
 *
 * KEYS  1.. reservations
 * Reply L, then for each <length>,<reservation>; a settled or forgotten one has length 0
 */
export const RESERVATIONS = makeScript(`
local out = { 'L' }
for k, held in ipairs(redis.call('MGET', unpack(KEYS))) do
  if not held then held = '' end
  out[k + 1] = #held .. ',' .. held
end
return table.concat(out)
`);

/**
 * The levels and waits that an admission of one unit each would find.
 *
 * KEYS  1.. subjects (S)  then leases (L)
 * ARGV  1 now ms (0 = the server's)  2 S  3 L  4 policy as text
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

/**
 * Lifts one counter to what is known to be used of it, or puts it there.
 *
 * KEYS  1 subject
 * ARGV  1 now ms (0 = the server's)  2 policy as text, one slot  3 used in this window  4 used in the one before  5 'set' = up or down
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
