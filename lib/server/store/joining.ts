import { randomBytes } from "node:crypto";
import type { Database } from "@/db/client";
import { type Elsewhere, joinFleet } from "@/db/queries/fleet/fleet";
import { leave } from "@/db/queries/fleet/instances";
import type { StoreKeys } from "@/lib/admission/keys";
import { keepIdentity, readIdentity, type StoreIdentity } from "@/lib/admission/redis/identity";
import { BootFault } from "@/lib/errors";
import type { RedisClient } from "@/lib/redis/client";

/** Longer than a killed process counts as alive, so that its installation can move to another store. */
const PATIENCE_MS = 7000;
const PAUSE_MS = 250;

export const IN_MEMORY = "memory";

type Self = { readonly db: Database; readonly id: string; readonly release: string };

/** Joins processes that count in memory. Throws a BootFault while processes that are alive count elsewhere. */
export async function joinInMemory(self: Self): Promise<void> {
  await patiently(IN_MEMORY, async () => joinFleet(self.db, { ...self, store: IN_MEMORY }));
}

/**
 * Joins the processes that count in this Redis under these keys. The first one names the store. Throws a BootFault when
 * processes that are alive count elsewhere, or when another installation uses the same keys. Returns the store's id.
 */
export async function joinInRedis(
  self: Self & { redis: Pick<RedisClient, "aside">; keys: StoreKeys; installation: string },
): Promise<StoreIdentity> {
  const { db, id, release, redis, keys, installation } = self;
  const own: StoreIdentity = { id: randomBytes(ID_BYTES).toString("hex"), installation, server: "" };
  let mine = own;
  await patiently(storeName(keys, own), async () => {
    mine = (await readIdentity(redis, keys)) ?? own;
    if (mine.installation !== installation) throw new BootFault(takenFault(keys.prefix));
    const others = await joinFleet(db, { id, release, store: storeName(keys, mine) });
    if (others.length > 0) return others;
    const there = await keepIdentity(redis, keys, mine);
    if (there.id === mine.id) return [];
    // Another process named it between our read and our write. Try again, under that name.
    await leave(db, id);
    return [{ store: storeName(keys, there), processes: 1 }];
  });
  return mine;
}

const ID_BYTES = 6;

/** What processes that count together share. */
export function storeName({ prefix }: Pick<StoreKeys, "prefix">, { id }: Pick<StoreIdentity, "id">): string {
  return `redis ${prefix} ${id}`;
}

/** Tries until no process counts elsewhere, or gives up with the reason. */
async function patiently(own: string, join: () => Promise<readonly Elsewhere[]>): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += PAUSE_MS) {
    const others = await join();
    const [first] = others;
    if (first === undefined) return;
    if (waitedMs >= PATIENCE_MS) throw new BootFault(mixedFault(own, first));
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** Why a process may not start beside others, and which setting to change. */
export function mixedFault(own: string, { store, processes }: Elsewhere): string {
  const who = processes === 1 ? "another process of this database" : `${processes} other processes of this database`;
  const counts = processes === 1 ? "counts" : "count";
  const [ownKind, ownPrefix, ownId] = own.split(" ");
  const [kind, prefix, id] = store.split(" ");
  if (store === "") return `DATABASE_URL: ${who} of an older release ${counts} by other rules; stop it first`;
  if (kind === IN_MEMORY) {
    return `REDIS_URL: ${who} ${counts} in memory, without Redis; stop it and start it with the same REDIS_URL, or unset REDIS_URL here`;
  }
  if (ownKind === IN_MEMORY) {
    return `REDIS_URL: ${who} ${counts} in Redis (keys "${prefix}", store ${id}); set REDIS_URL or UPSTASH_REDIS_REST_URL to that store, or stop them first`;
  }
  if (ownPrefix !== prefix) {
    return `REDIS_PREFIX: ${who} ${counts} under keys that begin with "${prefix}", this one would under "${ownPrefix}"; set REDIS_PREFIX=${prefix} everywhere`;
  }
  return `REDIS_URL: ${who} ${counts} in another Redis (store ${id}; this one is ${ownId}); set REDIS_URL to the same one everywhere`;
}

function takenFault(prefix: string): string {
  return `REDIS_PREFIX: another installation uses keys that begin with "${prefix}" in this Redis; set another REDIS_PREFIX (up to 12 of a-z, 0-9 and the dash), or wait ten minutes after its last process has ended`;
}
