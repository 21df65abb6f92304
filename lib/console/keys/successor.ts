import type { Database } from "@/db/client";
import { findKey } from "@/db/queries/limits/config";
import { findSuccessor, type KeyInsert, type KeyRecord, lockKey } from "@/db/queries/tenants/tenancy";
import { HOUR_SECONDS } from "@/lib/clock";
import { PublicError } from "@/lib/errors";
import type { ConsoleContext, MintedKey } from "../kernel/context";
import { USUAL_DAYS_MAX } from "./key-lifetime";

/** How long the old key usually works after the first use of the new key. */
export const OVERLAP_SECONDS = 24 * HOUR_SECONDS;

/** The row of a key that replaces another one: with its rights, its schedule, and its family, so with its counters. */
export function successorOf(
  old: KeyRecord,
  { text: _text, ...minted }: MintedKey,
  terms: Pick<KeyRecord, "overlapSeconds" | "expiresAt" | "madeByHolder">,
): KeyInsert {
  const { tenantId, familyId, environment, name, models, endpoints, ipAllow, priority, bodyMbMax, rotateDays } = old;
  return {
    ...minted,
    ...terms,
    tenantId,
    familyId,
    environment,
    name,
    models,
    endpoints,
    ipAllow,
    priority,
    bodyMbMax,
    rotateDays,
    holderMayRotate: old.holderMayRotate,
    rotatesKeyId: old.id,
  };
}

/** Throws if the key already has a successor that is not revoked. `advice`: for who asked. */
export async function refuseSecond(tx: Database, { id }: KeyRecord, advice: string): Promise<void> {
  if ((await findSuccessor(tx, id)) === null) return;
  throw new PublicError("conflict", `This key already has a successor. ${advice}`);
}

/** Throws while the key that this one replaces still works: so a holder has at most two keys at a time. */
export async function refuseRunning(tx: Database, { rotatesKeyId }: KeyRecord, now: number): Promise<void> {
  const before = rotatesKeyId === null ? null : await findKey(tx, rotatesKeyId);
  if (before === null || before.status !== "active") return;
  if (before.expiresAt !== null && before.expiresAt.getTime() <= now) return;
  const message = "The key that this one replaced still works. Rotate this key when that one has expired.";
  throw new PublicError("conflict", message);
}

/**
 * The successors that its holder made, and their holders after that; not those that an operator made. Each is locked before its
 * own successor is looked for: a rotation that runs meanwhile is found too.
 */
export async function madeByHolderOf(tx: Database, { id }: KeyRecord): Promise<readonly KeyRecord[]> {
  const found: KeyRecord[] = [];
  for (let at = id; found.length < SUCCESSORS_MAX; ) {
    const next = await findSuccessor(tx, at);
    const locked = next?.madeByHolder ? await lockKey(tx, next.id) : null;
    if (locked === null) break;
    found.push(locked);
    at = locked.id;
  }
  return found;
}

/** One a day for a year. */
const SUCCESSORS_MAX = 366;

/** Locks a key for a change. Throws if there is none, or it is revoked. */
export async function activeKey(tx: Database, id: string | undefined): Promise<KeyRecord> {
  const row = await lockKey(tx, id ?? "");
  if (row === null) throw new PublicError("not_found", "There is no such key.");
  if (row.status !== "active") throw new PublicError("conflict", "This key has been revoked.");
  return row;
}

/** The longest lifetime of a tenant's keys in days; null = no maximum. */
export function keyDaysMaxOf(
  { policy: { snapshot } }: Pick<ConsoleContext, "policy">,
  tenantId: string,
): number | null {
  const tier = snapshot.tiers.get(snapshot.tenants.get(tenantId)?.tierId ?? "");
  return tier === undefined ? USUAL_DAYS_MAX : tier.keyDaysMax;
}
