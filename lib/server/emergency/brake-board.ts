import type { StoreKeys } from "@/lib/admission/keys";
import { DAY_MS } from "@/lib/clock";
import type { RedisClient } from "@/lib/redis/client";
import { makeScript } from "@/lib/redis/script";
import { EMERGENCY_BRAKES_MAX, type EmergencyBrake, readEmergencyBrake } from "./emergency-brake";

/** The shared list of brakes that are not yet in the database. */
export type BrakeBoard = {
  read(): Promise<readonly EmergencyBrake[]>;
  put(brake: EmergencyBrake): Promise<void>;
  /** Removes a brake that is in the database. If it was lifted since and that lift is not in the database, it stays. */
  drop(id: string, as: "set" | "lifted"): Promise<void>;
};

/** Longer than any unattended outage. */
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

/** The shared list of all processes of a store. Unreadable entries are skipped, because this program did not write them. */
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
