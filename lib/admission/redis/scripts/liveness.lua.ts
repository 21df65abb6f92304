import { makeScript } from "@/lib/redis/script";
import { CLOCK } from "./clock.lua";

/**
 * A running call is alive: its leases and its place among the running calls are prolonged.
 *
 * KEYS  1 reservation  2 note  3 open  4.. leases
 * ARGV  1 now ms (as in CLOCK)  2 request id  3 lease ms  4 note, '' = none
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
 * ARGV  1 now ms (as in CLOCK)  2 lease ms  3 most per tenant
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
