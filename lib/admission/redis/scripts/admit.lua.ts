import { makeScript } from "@/lib/redis/script";
import { CALL_CHARS } from "../../keys";
import type { Shape } from "../layout";
import { CLOCK } from "./clock.lua";
import { isStraight, perShape, policyRead, rawsOf, spread } from "./shape";
import { STRIKES } from "./slots.lua";
import { straightAdmit } from "./straight.lua";

/**
 * One admission: policy version, brake, replay, strikes, all slots, all leases, all candidates, reservation.
 *
 * KEYS  1 flags: version, comma, tick  2 reservation  3 strikes  4 policy  5.. subjects (S)  then open  then leases (L)  last finished calls;
 *       of a shape with a script of its own 4 has the amounts, and the policy is the last but one
 * ARGV  1 now ms (as in CLOCK)  2 request id  3 policy version, comma, the tick from which on the store is whole  4 brake: '' none, -1 for good, else until ms (then without plans)
 *       5 lease ms  6 S, L, plans (P), 1 = a probe: its refusal is no strike; separated by commas
 *       7 costs as text: per plan N slots then L leases, 0 = not in the plan; or one for each group of them
 *       8 what it holds and the intent: S | tag, policy, keys | costs | dimensions, line break, intent
 *       9 policy as text, or '' to use the stored one
 * policy  S slot counts; per slot id, algorithm, capacity, x, y, z, kind (0 limit, 1 observes, 2 part of a counter); per lease
 *       capacity, observe
 * Reply A,now,plan,levels;waits;rests | D,now,plan,wait,told,levels;waits;rests | K,now | S,now | V | F | C | N
 *       C the server's clock is off
 *       X the brake has run out by this clock: ask again, with the plans
 *       levels and waits: per slot then per lease, joined by ':'; levels as `levelTold` has them; waits ms, -1 = never
 *       rests: per sliding window, ms until its last call has left it
 */
export const ADMIT = perShape((shape) =>
  makeScript(`${CLOCK}${STRIKES}
-- What tells a repeated call and a braked one is read first: they need none of the counters.
local newest, held = unpack(redis.call('MGET', KEYS[1], KEYS[2]))

-- A known request id: the same answer again.
if held then
  return 'A' .. string.sub(held, 2, string.find(held, '|', 1, true) - 1)
end
local now, isServers = timeOf(ARGV[1])
-- A server whose clock is off has forgotten things too early: they must be put back first.
if not isServers and string.sub(ARGV[1], 1, 1) == '-' then return 'C' end

-- Nothing is decided under a policy older than the newest, nor in a store that is older than its caller knows it.
if not newest then return 'F' end
if newest ~= ARGV[3] then
  local version = string.match(ARGV[3], '^%d+') + 0
  local known, tick = string.match(newest, '^(%d+),(%d+)$')
  if tick + 0 < string.match(ARGV[3], '%d+$') + 0 then return 'F' end
  if known + 0 > version then return 'V' end
  if known + 0 < version then redis.call('SET', KEYS[1], string.format('%d,%s', version, tick)) end
end

local brake = ARGV[4]
if brake ~= '' then
  brake = brake + 0
  if brake < 0 or now < brake then return string.format('K,%d', now) end
  return 'X'
end

-- The late twin of a finished call must not run.
if redis.call('SISMEMBER', KEYS[#KEYS], string.sub(KEYS[2], -${CALL_CHARS})) == 1 then return string.format('S,%d', now) end

${readCounters(shape)}
local count, told, since = 0, 0, 0
if struck then
  local c, t, s, v = string.match(struck, '^(%d+),(%d+),(%d+),(%d+)$')
  if c and v == string.match(ARGV[3], '^%d+') and now < t + 0 then count, told, since = c + 0, t + 0, s + 0 end
end

if not known and ARGV[9] == '' then return 'N' end
${straightAdmit(shape)}
local stored = ${isStraight(shape) ? `{ ${rawsOf(shape).join(", ")} }` : "{ unpack(vals, 3, 2 + S) }"}
${policyRead(shape, { key: "KEYS[4]", stored: "known", text: "ARGV[9]" })}
local P, probe = string.match(ARGV[6], '(%d+),(%d)$')
P = P + 0
local W = numbers(ARGV[7])${spread(shape, "W")}

-- Read: every slot as it is stored, and its level now.
-- Tables of a known size are made whole: growing them one by one costs as much as the arithmetic.
local N = 0
for k = 1, S do N = N + Q[k] end
local a, b, c, t, has, level = { unpack(Q, 1, N) }, {}, { unpack(Q, 1, N) }, {}, { unpack(Q, 1, N) }, { unpack(Q, 1, N) }
local first, tail, i, q = {}, {}, 0, S
for k = 1, S do
  local raw, pos, bag = stored[k], 1, nil
  local size = 0
  if raw then size = #raw end
  first[k] = i + 1
  for _ = 1, Q[k] do
    i = i + 1
    local id = Q[q + 1]
    local A, B, C, T, found = 0, 0, 0, '', false
    if not bag and pos <= size then
      local seen, after
      seen, A, B, C, T, after = slotAt(raw, pos)
      if seen == id then pos, found = after, true end
    end
    if not found then
      if not bag then if raw then bag = bagOf(raw) else bag = {} end end
      local slot = bag[id]
      if slot then A, B, C, T, found = slot[1], slot[2], slot[3], slot[4], true
      else A, B, C, T = 0, 0, 0, '' end
    end
    a[i], b[i], c[i], t[i], has[i] = A, B, C, T, found
    level[i] = levelOf(Q[q + 2], found, A, B, C, T, Q[q + 3], Q[q + 4], Q[q + 5], Q[q + 6], Q[q + 7], now)
    q = q + 7
  end
  -- What stands behind belongs to other policies; out of order, it is found when it is written.
  if bag then tail[k] = false elseif pos <= size then tail[k] = sub(raw, pos) else tail[k] = '' end
end
first[S + 1] = N + 1
local caps = S + 7 * N
local leases = {}
local after = string.format('(%d', now)
for k = 1, L do leases[k] = redis.call('ZCOUNT', KEYS[5 + S + k], after, '+inf') end

-- Check: the first plan of which everything fits; of those that do not, the one that would fit first.
local function waitsOf(po)
  local waits, longest, qq = {}, 0, S
  for k = 1, S do
    for s = first[k], first[k + 1] - 1 do
      local w, cost = 0, W[po + s]
      if cost > 0 then
        local al, cap, x, y, z = Q[qq + 2], Q[qq + 3], Q[qq + 4], Q[qq + 5], Q[qq + 6]
        if not fits(al, level[s], cap, cost) then
          w = waitFor(al, has[s], a[s], b[s], c[s], t[s], cap, x, y, z, cost, Q[qq + 7], now)
          if Q[qq + 7] ~= 1 and longest >= 0 then if w < 0 then longest = -1 elseif w > longest then longest = w end end
        end
      end
      waits[s] = w
      qq = qq + 7
    end
  end
  for k = 1, L do
    local w, cost = 0, W[po + N + k]
    local cap = Q[caps + 2 * k - 1]
    if cost > 0 and leases[k] + cost > cap then
      if cost > cap then w = -1 else w = 1000 end
      if Q[caps + 2 * k] == 0 and longest >= 0 then if w < 0 then longest = -1 elseif w > longest then longest = w end end
    end
    waits[N + k] = w
  end
  return waits, longest
end

local chosen, po, best, bestWait, bestWaits, watched = 0, 0, 0, 0, nil, false
for p = 1, P do
  local ok, qq = true, S
  watched = false
  for s = 1, N do
    local cost = W[po + s]
    if cost ~= cost or cost < 0 or cost > 9e15 then return redis.error_reply('cost out of range') end
    if cost > 0 and not fits(Q[qq + 2], level[s], Q[qq + 3], cost) then
      if Q[qq + 7] ~= 1 then ok = false; break end
      watched = true
    end
    qq = qq + 7
  end
  if ok then
    for k = 1, L do
      local cost = W[po + N + k]
      if cost > 0 and leases[k] + cost > Q[caps + 2 * k - 1] then
        if Q[caps + 2 * k] == 0 then ok = false; break end
        watched = true
      end
    end
  end
  if ok then chosen = p; break end
  local waits, longest = waitsOf(po)
  if best == 0 or (longest >= 0 and (bestWait < 0 or longest < bestWait)) then best, bestWait, bestWaits = p, longest, waits end
  po = po + N + L
end

local levels, qq = { unpack(Q, 1, N + L) }, S
local rests = ''
for s = 1, N do
  local met = level[s]
  if chosen > 0 and W[po + s] > 0 and Q[qq + 2] <= 1 and Q[qq + 7] == 0 and has[s] and a[s] > Q[qq + 3] + b[s] then
    -- The limit was lowered: with this call the bucket counts as just full again.
    local A, B = advance(Q[qq + 2], true, a[s], b[s], c[s], t[s], Q[qq + 4], Q[qq + 5], Q[qq + 6], now)
    local most = Q[qq + 3] + B - W[po + s]
    if A < most then most = A end
    if most > met then met = most end
  end
  levels[s] = shown(Q[qq + 3], met)
  if Q[qq + 2] == 2 then
    local left = math.max(0, rest(2, a[s], c[s], t[s], Q[qq + 4], Q[qq + 5], Q[qq + 6], now))
    if rests ~= '' then rests = rests .. ':' end
    rests = rests .. string.format('%d', left)
  end
  qq = qq + 7
end
for k = 1, L do levels[N + k] = leases[k] end
local form = string.sub(string.rep('%d:', N + L), 1, -2)

if chosen == 0 then
  local tell = bestWait
  if bestWait >= 0 and probe ~= '1' then
    if told == 0 then since = now end
    if now > since + STRIKE_GRACE then count, since = math.min(count + 1, STRIKE_MOST), now end
    local least, penalty = math.max(bestWait, STRIKE_BASE), 0
    for _ = 2, count do penalty = penalty * 2 + least end
    tell = bestWait + math.min(penalty, STRIKE_CAP)
    redis.call('SET', KEYS[3], string.format('%d,%d,%d,%s', count, now + tell, since, string.match(ARGV[3], '^%d+')), 'PX', string.format('%d', math.min(tell, STRIKE_KEPT)))
  end
  return string.format('D,%d,%d,%d,%d,', now, best, bestWait, tell) ..
    string.format(form, unpack(levels)) .. ';' .. string.format(form, unpack(bestWaits)) .. ';' .. rests
end

-- Write: all that the chosen plan takes, or nothing was written at all.
if struck and now >= told then redis.call('DEL', KEYS[3]) end
qq = S
for k = 1, S do
  local out, keep, dirty = {}, 1, false
  for s = first[k], first[k + 1] - 1 do
    local cost, id, al, cap, x, y, z = W[po + s], Q[qq + 1], Q[qq + 2], Q[qq + 3], Q[qq + 4], Q[qq + 5], Q[qq + 6]
    qq = qq + 7
    local A, B, C, T = a[s], b[s], c[s], t[s]
    if cost > 0 then
      A, B, C, T = advance(al, has[s], A, B, C, T, x, y, z, now)
      A, B, C, T = taken(al, A, B, C, T, cap, z, cost)
      dirty = true
    end
    if cost > 0 or has[s] then
      out[#out + 1] = slotOf(al, id, A, B, C, T)
      local last = keptMs(al, A, C, T, x, y, z, now)
      if last > keep then keep = last end
    end
  end
  if dirty then
    local key, left = KEYS[4 + k], tail[k]
    if left == false then
      -- Out of order: everything that this policy does not name is carried over as it is.
      left = ''
      if stored[k] then
        local bag, order = bagOf(stored[k])
        for s = first[k], first[k + 1] - 1 do bag[Q[S + (s - 1) * 7 + 1]] = false end
        for _, id in ipairs(order) do if bag[id] then left = left .. bag[id][5] end end
      end
    end
    if left ~= '' then
      local stays = redis.call('PTTL', key)
      if stays > keep then keep = stays end
      out[#out + 1] = left
    end
    -- Numbers are handed over as text: Redis would write them with seventeen digits first.
    redis.call('SET', key, table.concat(out), 'PX', string.format('%d', ceil(keep) + MARGIN))
  end
end
local lease = ARGV[5] + 0
local dead = string.format('%d', now + lease)
for k = 1, L do
  if W[po + N + k] > 0 then
    local key = KEYS[5 + S + k]
    redis.call('ZADD', key, dead, ARGV[2])
    -- A day's time to live, set in the first second of each minute and by every heartbeat. A set that meets neither goes
    -- with its last member, which a settlement or the reaper removes.
    if floor(now / 1000) % 60 == 0 then redis.call('PEXPIRE', key, 86400000 + lease) end
  end
end
redis.call('ZADD', KEYS[5 + S], dead, ARGV[2])
local reply = string.format('A,%d,%d,', now, chosen) .. string.format(form, unpack(levels))
if watched then reply = reply .. ';' .. string.format(form, unpack((waitsOf(po)))) .. ';' .. rests
elseif rests ~= '' then reply = reply .. ';;' .. rests end
-- The reservation tells its finder what it holds: keys, costs, and what the caller left.
redis.call('SET', KEYS[2], reply .. '|' .. ARGV[8], 'PX', '86400000')
return reply
`),
);

/** A shape's own script names each subject's text; the general script has them in a list. */
function readCounters(shape: Shape): string {
  if (isStraight(shape)) {
    const S = shape.subjects.length;
    const keys = Array.from({ length: 2 + S }, (_, index) => `KEYS[${index + 3}]`);
    return `local S, L = ${S}, ${shape.leases}
local struck, known, ${rawsOf(shape).join(", ")} = unpack(redis.call('MGET', ${keys.join(", ")}))`;
  }
  return `local S, L = string.match(ARGV[6], '^(%d+),(%d+)')
S, L = S + 0, L + 0
local vals = redis.call('MGET', unpack(KEYS, 3, 4 + S))
local struck, known = vals[1], vals[2]`;
}
