import { observedSince } from "@/db/queries/books/books";
import { DAY_MS } from "@/lib/clock";
import type { AdminRequest } from "../kernel/door";
import { oneTier } from "./tiers";

const TENANTS_MAX = 1000;
const WORST = 5;

/** What each observing limit would have done. */
export type ObservedView = {
  readonly since: string;
  readonly limits: readonly {
    readonly name: string;
    /** calls that it would have refused */
    readonly count: number;
    /** calling tenants, most calls first */
    readonly tenants: readonly { readonly tenant: string; readonly count: number }[];
  }[];
};

/** GET /api/admin/tiers/{slug}/observed: a tier's observing limits, and their would-be refusals in a day. */
export async function observedOfTier({ context, params }: AdminRequest) {
  const tier = await oneTier(context, params.slug ?? "");
  await context.drainBooks();
  const since = new Date(context.clock.now() - DAY_MS);
  const { tenants, tiers } = context.policy.snapshot;
  const observing = tier.limits.flatMap((limit) => (limit.observe ? limit.name : []));
  const rows = await observedSince(context.db, { since, names: observing, most: TENANTS_MAX });
  const own = rows.filter((row) => tiers.get(tenants.get(row.tenantId)?.tierId ?? "")?.slug === tier.slug);
  const limits = observing.map((name) => {
    const met = own.filter((row) => row.name === name);
    return {
      name,
      count: met.reduce((sum, row) => sum + row.count, 0),
      tenants: met.slice(0, WORST).map((row) => ({ tenant: tenants.get(row.tenantId)?.slug ?? "", count: row.count })),
    };
  });
  const view: ObservedView = { since: since.toISOString(), limits };
  return { body: view };
}
