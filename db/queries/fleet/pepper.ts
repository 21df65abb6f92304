import { and, eq, inArray, lt, ne, sql } from "drizzle-orm";
import type { Database } from "../../client";
import { settings } from "../../schema/fleet";
import { keys } from "../../schema/tenancy";

const FINGERPRINT = "pepper_fingerprint";
const ROOT = "pepper_root";
const GENERATION = "pepper_generation";

/** The pepper that this database uses. `root`: sealed under it; null = it is still the first one. */
export type PepperState = {
  readonly fingerprint: string | null;
  readonly root: string | null;
  /** 1 for the first pepper, one more with each change */
  readonly generation: number;
};

export async function readPepper(db: Database): Promise<PepperState> {
  const rows = await db
    .select()
    .from(settings)
    .where(inArray(settings.name, [FINGERPRINT, ROOT, GENERATION]));
  const value = new Map(rows.map((row) => [row.name, row.value]));
  return {
    fingerprint: value.get(FINGERPRINT) ?? null,
    root: value.get(ROOT) ?? null,
    generation: Number(value.get(GENERATION) ?? 1),
  };
}

/** Moves the database to another pepper; false when it does not use `before` any more. */
export async function changePepper(
  db: Database,
  input: { before: string; fingerprint: string; root: string },
): Promise<boolean> {
  return db.transaction(async (tx) => {
    const changed = await tx
      .update(settings)
      .set({ value: input.fingerprint })
      .where(and(eq(settings.name, FINGERPRINT), eq(settings.value, input.before)))
      .returning();
    if (changed.length === 0) return false;
    const root = { name: ROOT, value: input.root };
    await tx
      .insert(settings)
      .values(root)
      .onConflictDoUpdate({ target: settings.name, set: { value: root.value } });
    const next = sql`(${settings.value}::integer + 1)::text`;
    const generation = { name: GENERATION, value: "2" };
    await tx
      .insert(settings)
      .values(generation)
      .onConflictDoUpdate({ target: settings.name, set: { value: next } });
    return true;
  });
}

/** A used key is hashed with the newest pepper from now on. Its public id names the tenant; no decision changes. */
export async function rehashKey(
  db: Database,
  key: { id: string; before: string; hmac: string; pepperVersion: number },
): Promise<void> {
  const { id, before, hmac, pepperVersion } = key;
  await db
    .update(keys)
    .set({ hmac, pepperVersion })
    .where(and(eq(keys.id, id), eq(keys.hmac, before)));
}

/** Usable keys of all tenants that are hashed with a pepper from before this generation. */
export async function keysBefore(db: Database, generation: number): Promise<number> {
  const alive = sql`(${keys.expiresAt} is null or ${keys.expiresAt} > now())`;
  return db.$count(keys, and(lt(keys.pepperVersion, generation), ne(keys.status, "revoked"), alive));
}
