import type { KeyRecord } from "@/db/queries/tenants/tenancy";
import { rotateAt } from "@/db/queries/tenants/tenancy";
import type { Change } from "../kernel/change";
import type { ConsoleContext } from "../kernel/context";
import { keyPrefix } from "./key-environment.shared";

type Known = Pick<ConsoleContext, "policy" | "clock">;

/** A change of a key for the audit log. */
export function keyChange(
  action: string,
  context: Known,
  before: KeyRecord | null,
  after: KeyRecord,
  reason: string | null,
): Change {
  const of = (row: KeyRecord) => shownKey(context, row);
  return { action, target: after.id, before: before && of(before), after: of(after), reason };
}

/** A key as operators see it, without its secret. */
export function shownKey(context: Known, row: KeyRecord) {
  const time = (date: Date | null) => date?.toISOString() ?? null;
  const isExpired = row.expiresAt !== null && row.expiresAt.getTime() <= context.clock.now();
  return {
    id: row.id,
    tenant: context.policy.snapshot.tenants.get(row.tenantId)?.slug ?? row.tenantId,
    family: row.familyId,
    name: row.name,
    environment: row.environment,
    display: `sw_${keyPrefix(row.environment)}_${row.id}_…${row.last4}`,
    status: row.status === "active" && isExpired ? "expired" : row.status,
    models: row.models,
    endpoints: row.endpoints,
    ipAllow: row.ipAllow,
    priority: row.priority,
    bodyMbMax: row.bodyMbMax,
    rotates: row.rotatesKeyId,
    overlapSeconds: row.overlapSeconds,
    createdAt: row.createdAt.toISOString(),
    rotateEveryDays: row.rotateDays,
    rotateAt: time(rotateAt(row)),
    holderMayRotate: row.holderMayRotate,
    madeByHolder: row.madeByHolder,
    expiresAt: time(row.expiresAt),
    lastUsedAt: time(row.lastUsedAt),
    revokedAt: time(row.revokedAt),
  };
}
