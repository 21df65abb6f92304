import type { BrakeRow } from "@/db/queries/operators/brakes";

export type BrakeState = ReturnType<typeof shownBrake>;

/** A brake as the admin API and the console show it. */
export function shownBrake(row: BrakeRow, now: number) {
  const isActive = row.liftedAt === null && (row.expiresAt === null || row.expiresAt.getTime() > now);
  return {
    id: row.id,
    scope: row.scope,
    mode: row.mode,
    reason: row.reason,
    publicMessage: row.publicMessage,
    createdBy: row.createdBy,
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt?.toISOString() ?? null,
    liftedAt: row.liftedAt?.toISOString() ?? null,
    liftedBy: row.liftedBy,
    liftReason: row.liftReason,
    /** start of its gradual lift, which ends when it expires; null = fully in force */
    rampFrom: row.rampFrom?.toISOString() ?? null,
    active: isActive,
  };
}
