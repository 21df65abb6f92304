import type { StoreKeys } from "@/lib/admission/keys";
import { DAY_MS } from "@/lib/clock";
import type { RedisClient } from "@/lib/redis/client";
import { makeScript } from "@/lib/redis/script";
import { EMERGENCY_BRAKES_MAX, type EmergencyBrake, readEmergencyBrake } from "./emergency-brake";

/** Where processes of an installation show each other brakes that the database cannot take. */
export type BrakeBoard = {
  read(): Promise<readonly EmergencyBrake[]>;
  put(brake: EmergencyBrake): Promise<void>;
  /** The database has it; one that has been lifted since then stays, unless its lift is there, too. */
  drop(id: string, as: "set" | "lifted"): Promise<void>;
};

/** Longer than any outage that somebody leaves alone. */
const KEPT_MS = 7 * DAY_MS;

/**
 * KEYS  1 brakes (field = id, value = JSON)
 * ARGV  1 put, drop or read  2 id  3 value; to drop: set or lifted  4 ms that all are kept  5 how many there may be
 * Reply B and a line of JSON for each
 */
const BOARD = makeScript(`
if ARGV[1] == 'put' and (redis.call('HEXISTS', KEYS[1], ARGV[2]) == 1 or redis.call('HLEN', KEYS[1]) < tonumber(ARGV[5])) then
  redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
elseif ARGV[1] == 'drop' then
  local value = redis.call('HGET', KEYS[1], ARGV[2])
  local isRead, brake = pcall(cjson.decode, value or '')
  local isLifted = isRead and type(brake) == 'table' and type(brake.lift) == 'table'
  if ARGV[3] == 'lifted' or not isLifted then redis.call('HDEL', KEYS[1], ARGV[2]) end
end
return 'B' .. table.concat(redis.call('HVALS', KEYS[1]), '\\n')
`);

/** The board of all processes that share a store. What cannot be read on it is left out: it was not written by us. */
export function storeBoard(redis: Pick<RedisClient, "aside">, keys: StoreKeys): BrakeBoard {
  const ask = (what: string, id: string, value: string) =>
    redis.aside(BOARD, [keys.brakes], [what, id, value, String(KEPT_MS), String(EMERGENCY_BRAKES_MAX)], "brakes");
  return {
    read: async () => brakesIn(await ask("read", "", "")),
    put: async (brake) => void (await ask("put", brake.id, JSON.stringify(brake))),
    drop: async (id, as) => void (await ask("drop", id, as)),
  };
}

function brakesIn(reply: string): readonly EmergencyBrake[] {
  return reply
    .slice(1)
    .split("\n")
    .flatMap((text) => readEmergencyBrake(text) ?? []);
}
