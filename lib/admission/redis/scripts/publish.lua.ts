import { makeScript } from "@/lib/redis/script";
import { CLOCK } from "./clock.lua";

/**
 * Ticks detect a store that went back in time. The flags of every tenant are written once per tick, so a process that
 * knows their tick finds lower ones in an older copy. A loss within one tick goes unnoticed.
 */
export const TICK_MS = 5000;

/**
 * Makes a policy version the oldest that is admitted, for tenants of which the store is whole: it has their flags, from
 * a tick not before the one that the caller knows. For other tenants it marks the beginning of a restore. The same
 * caller may enter the version afterwards only while that mark is there: a store that is emptied in between has lost
 * the mark too, and everything is restored again. An older store's version is not believed.
 *
 * KEYS  flags of each tenant, then this caller's marks of each
 * ARGV  1 now ms (as in CLOCK)  2 version  3 'ask', 'sure' (things are put back) or 'plain' (nothing is to be put back)
 *       4 the tick from which on it is whole  5 the least tick to write
 * Reply O<tick that all known ones stand at, at least>,<the latest tick>,<the newest version>;<indexes of the others>: O40,41,7;2,5
 */
export const PUBLISH = makeScript(`${CLOCK}
local version, whole, n = ARGV[2] + 0, ARGV[4] + 0, #KEYS / 2
local tick = floor(timeOf(ARGV[1]) / ${TICK_MS})
if tick < ARGV[5] + 0 then tick = ARGV[5] + 0 end
local latest, top, unknown = tick, version, {}
local stored = redis.call('MGET', unpack(KEYS, 1, n))
for k = 1, n do
  local known, since = nil, nil
  if stored[k] then known, since = string.match(stored[k], '^(%d+),(%d+)$') end
  local is_whole = since and since + 0 >= whole
  if is_whole or ARGV[3] == 'plain' or (ARGV[3] == 'sure' and redis.call('DEL', KEYS[n + k]) == 1) then
    local newest, at = version, tick
    if is_whole and known + 0 > newest then newest = known + 0 end
    if since and since + 0 > at then at = since + 0 end
    if at > latest then latest = at end
    if newest > top then top = newest end
    local flags = string.format('%d,%d', newest, at)
    if flags ~= stored[k] then redis.call('SET', KEYS[k], flags) end
  else
    redis.call('SET', KEYS[n + k], '1', 'PX', '60000')
    unknown[#unknown + 1] = k
  end
end
return string.format('O%d,%d,%d;', tick, latest, top) .. table.concat(unknown, ',')
`);
