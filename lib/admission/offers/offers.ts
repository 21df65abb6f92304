import { HOUR_MS } from "@/lib/clock";
import type { RedisClient } from "@/lib/redis/client";
import { makeScript } from "@/lib/redis/script";
import type { StoreKeys } from "../keys";
import { CLOCK } from "../redis/scripts/clock.lua";

/** The best waiting call of a process in one line: lower goes first, by band and then by cost. */
export type StoredOffer = { readonly band: number; readonly cost: number };
/** A tenant's cost is at least `atLeast`, and `cost` is added to that. */
export type StoredCost = { readonly tenantId: string; readonly cost: number; readonly atLeast: number };

export type Exchange = {
  readonly line: string;
  /** null: no call waits here any more */
  readonly own: StoredOffer | null;
  readonly news: readonly StoredCost[];
  /** the tenants whose costs are asked for */
  readonly tenantIds: readonly string[];
};
export type Exchanged = {
  /** the best calls of the other living processes */
  readonly others: readonly StoredOffer[];
  readonly costs: readonly (readonly [tenantId: string, cost: number])[];
};

/** Longer than the second after which a process repeats its offer. The offer of a killed process is forgotten then. */
export const OFFER_MS = 3000;
const COSTS_KEPT_MS = HOUR_MS;

/**
 * Stores a process's best call of a line and reads the others', with what tenants have used. One round trip, and only
 * while calls wait.
 *
 * KEYS  1 offers of the line (field = process, value = "<until> <band> <cost>")  2 costs (field = tenant)
 * ARGV  1 now ms (0 = the server's)  2 process  3 band, '' = withdrawn  4 cost  5 offer ms  6 costs kept ms  7 news count n
 *       then n times tenant, at least, more; then tenants that are asked for
 * Reply O<band>=<cost>,...;<cost>,... in the order in which tenants are asked for, '' = unknown
 */
const OFFER = makeScript(`${CLOCK}
local now = timeOf(ARGV[1])
local n = tonumber(ARGV[7])
for i = 0, n - 1 do
  local tenant = ARGV[8 + 3 * i]
  local cost = tonumber(redis.call('HGET', KEYS[2], tenant) or '0')
  cost = math.max(cost, tonumber(ARGV[9 + 3 * i])) + tonumber(ARGV[10 + 3 * i])
  redis.call('HSET', KEYS[2], tenant, string.format('%.17g', cost))
end
if n > 0 then redis.call('PEXPIRE', KEYS[2], ARGV[6]) end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], ARGV[2])
else
  local untilMs = string.format('%d', now + tonumber(ARGV[5]))
  redis.call('HSET', KEYS[1], ARGV[2], untilMs .. ' ' .. ARGV[3] .. ' ' .. ARGV[4])
  redis.call('PEXPIRE', KEYS[1], ARGV[5])
end
local offers = {}
local held = redis.call('HGETALL', KEYS[1])
for i = 1, #held, 2 do
  local untilMs, band, cost = string.match(held[i + 1], '^(%S+) (%S+) (%S+)$')
  if untilMs == nil or tonumber(untilMs) < now then
    redis.call('HDEL', KEYS[1], held[i])
  elseif held[i] ~= ARGV[2] then
    offers[#offers + 1] = band .. '=' .. cost
  end
end
local costs = {}
for i = 8 + 3 * n, #ARGV do costs[#costs + 1] = redis.call('HGET', KEYS[2], ARGV[i]) or '' end
return 'O' .. table.concat(offers, ',') .. ';' .. table.concat(costs, ',')
`);

/** How the processes of one store learn whose call goes next. Rejects when the store gives no answer. */
export class RedisOffers {
  readonly #redis: Pick<RedisClient, "aside">;
  readonly #keys: StoreKeys;
  readonly #process: string;
  readonly #now: () => number;

  /** `now`: 0 = the server's clock */
  constructor(input: {
    redis: Pick<RedisClient, "aside">;
    keys: StoreKeys;
    process: string;
    now?: () => number;
  }) {
    this.#redis = input.redis;
    this.#keys = input.keys;
    this.#process = input.process;
    this.#now = input.now ?? (() => 0);
  }

  async exchange({ line, own, news, tenantIds }: Exchange): Promise<Exchanged> {
    const offer = own === null ? ["", ""] : [String(own.band), String(own.cost)];
    const told = news.flatMap(({ tenantId, atLeast, cost }) => [tenantId, String(atLeast), String(cost)]);
    const fixed = [String(this.#now()), this.#process, ...offer, String(OFFER_MS), String(COSTS_KEPT_MS)];
    const args = [...fixed, String(news.length), ...told, ...tenantIds];
    const keys = [this.#keys.line(line), this.#keys.virtualCosts];
    const reply = await this.#redis.aside(OFFER, keys, args, "offer");
    const [offers = "", costs = ""] = reply.slice(1).split(";");
    const others = offers.split(",").flatMap((text) => {
      const [band, cost] = text.split("=").map(Number);
      return band === undefined || cost === undefined || text === "" ? [] : [{ band, cost }];
    });
    const known = costs.split(",").flatMap((text, index) => {
      const tenantId = tenantIds[index];
      return text === "" || tenantId === undefined ? [] : [[tenantId, Number(text)] as const];
    });
    return { others, costs: known };
  }
}
