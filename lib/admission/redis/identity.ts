import { z } from "zod";
import type { RedisClient } from "@/lib/redis/client";
import { makeScript } from "@/lib/redis/script";
import type { StoreKeys } from "../keys";

/** Who uses a store under one prefix. Heartbeats keep it: an unused prefix becomes free again. */
export type StoreIdentity = {
  /** random, made by the first process; processes that know it restore it to an emptied store */
  readonly id: string;
  /** of the database */
  readonly installation: string;
  /** the server process on which the ledger's sums were last restored; empty = none */
  readonly server: string;
};

const stored = z.object({ id: z.string(), installation: z.string(), server: z.string() });
const KEPT_MS = 600_000;

/**
 * KEYS  1 identity          ARGV  1 the identity as text  2 ms to keep it
 * Reply I<the identity that is there now>
 */
const IDENTIFY = makeScript(`
local known = redis.call('GET', KEYS[1])
if known and cjson.decode(known).id ~= cjson.decode(ARGV[1]).id then return 'I' .. known end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 'I' .. ARGV[1]
`);

/** Reply I<the identity>, empty when there is none. */
const LOOK = makeScript(`
return 'I' .. (redis.call('GET', KEYS[1]) or '')
`);

/** The identity that a store has; null = none. */
export async function readIdentity(redis: Pick<RedisClient, "aside">, keys: StoreKeys): Promise<StoreIdentity | null> {
  return parsed(await redis.aside(LOOK, [keys.identity], [], "identity"));
}

/** Stores an identity where there is none or the same one; returns the stored one. */
export async function keepIdentity(
  redis: Pick<RedisClient, "aside">,
  keys: StoreKeys,
  identity: StoreIdentity,
): Promise<StoreIdentity> {
  const args = [JSON.stringify(identity), String(KEPT_MS)];
  return parsed(await redis.aside(IDENTIFY, [keys.identity], args, "identity")) ?? identity;
}

function parsed(reply: string): StoreIdentity | null {
  const text = reply.slice(1);
  return text === "" ? null : stored.parse(JSON.parse(text));
}
