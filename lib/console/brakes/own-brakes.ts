import { findKeys } from "@/db/queries/limits/config";
import type { BrakeRow } from "@/db/queries/operators/brakes";
import type { BrakeScope } from "@/lib/limits/brake";
import type { ConsoleContext } from "../kernel/context";
import type { AdminRequest } from "../kernel/door";
import { outside, slugOf } from "../scope/scoped";
import { isInScope } from "../scope/tenant-scope.shared";
import { unknownName } from "./brake-input";

type By = Pick<AdminRequest, "context" | "actor">;

/** The brakes that an operator sees and lifts: those that stop nobody but the operator's tenants. */
export async function ownBrakes(
  { context, actor: { tenants } }: By,
  rows: readonly BrakeRow[],
): Promise<readonly BrakeRow[]> {
  if (tenants === null) return rows;
  const owners = await ownersOf(
    context,
    rows.flatMap(({ scope }) => scope.key ?? []),
  );
  const isOwn = (slug: string | undefined) => slug !== undefined && isInScope(tenants, slug);
  return rows.filter(({ scope: { tenant, key } }) => {
    if (tenant === undefined && key === undefined) return false;
    return (tenant === undefined || isOwn(tenant)) && (key === undefined || isOwn(owners.get(key)));
  });
}

/** Throws if a scope names no tenant or key of the operator's. One of another tenant is one that does not exist. */
export async function refuseForeign({ context, actor: { tenants } }: By, scope: BrakeScope): Promise<void> {
  if (tenants === null) return;
  const { tenant, key } = scope;
  if (tenant === undefined && key === undefined) throw outside(tenants, "Name one of them, or a key of theirs.");
  if (tenant !== undefined && !isInScope(tenants, tenant)) throw unknownName("tenant", tenant);
  const owner = key === undefined ? undefined : (await ownersOf(context, [key])).get(key);
  if (key !== undefined && (owner === undefined || !isInScope(tenants, owner))) throw unknownName("key", key);
}

/** Tenants by the ids of their keys. */
async function ownersOf(context: ConsoleContext, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const keys = ids.length === 0 ? [] : await findKeys(context.db, ids);
  return new Map(keys.map(({ id, tenantId }) => [id, slugOf(context, tenantId) ?? ""]));
}
