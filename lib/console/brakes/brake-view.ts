import type { BrakeRow } from "@/db/queries/operators/brakes";
import type { NamesOf } from "@/db/queries/operators/scope-names";

export type BrakeState = ReturnType<typeof shownBrake> & {
  /** what the tenant and the key of its scope are called; absent = not looked up, or removed since */
  readonly names?: ScopeNames;
};
export type ScopeNames = {
  readonly tenant?: string;
  readonly key?: string;
  readonly keyTenant?: string;
  readonly provider?: string;
  readonly tier?: string;
};

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

/** The names of a brake's scope, for its view. */
export function namesFor({ scope }: Pick<BrakeRow, "scope">, known: NamesOf): { names?: ScopeNames } {
  const tenant = scope.tenant === undefined ? undefined : known.tenants.get(scope.tenant);
  const key = scope.key === undefined ? undefined : known.keys.get(scope.key);
  if (tenant === undefined && key === undefined) return {};
  return {
    names: {
      ...(tenant === undefined ? {} : { tenant }),
      ...(key === undefined ? {} : { key: key.name, keyTenant: key.tenant }),
    },
  };
}
