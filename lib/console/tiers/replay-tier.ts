import { z } from "zod";
import { PAST, type PastRow, pastCalls, pastRefused } from "@/db/queries/books/past-rows";
import { refusalTotals } from "@/db/queries/money/usage";
import { HOUR_MS } from "@/lib/clock";
import { PublicError } from "@/lib/errors";
import { replay } from "@/lib/limits/replay/replay";
import { type Compiled, compilePolicy, type OwnedLimit } from "@/lib/policy/compile";
import { contradictions } from "@/lib/policy/contradictions";
import type { Policy } from "@/lib/policy/policy";
import { limitRow, limitSetFaults } from "@/lib/policy/rows/limit-row";
import { policyInForce } from "@/lib/policy/snapshot/in-force";
import type { ConsoleContext } from "../kernel/context";
import type { AdminRequest } from "../kernel/door";
import { PastCalls, type PolicyOf } from "./past-calls";

const CALLS_MAX = 1_000_000;
const WORST = 10;
const REFUSED_MAX = 100_000;
/** Assumed duration of a refused call, which never ran. */
const REFUSED_LASTS_MS = 2000;

export const replayInput = z.strictObject({
  limits: z.array(limitRow.extend({ id: z.string().max(64).optional() })).max(64),
  hours: z.number().int().min(1).max(168).default(24),
});

/** What a tier's draft would have done to the calls of the last hours, compared with its current limits. */
export type ReplayView = {
  /** served calls, and refused calls that are stored one by one */
  readonly calls: number;
  readonly servedInFact: number;
  readonly hours: number;
  /** all refused calls in that time, stored or not */
  readonly refusedInFact: number;
  readonly now: Outcome;
  readonly draft: Outcome;
  readonly tookMs: number;
  /** findings about the draft without any call */
  readonly contradictions: readonly string[];
};

export type Outcome = {
  readonly refused: number;
  /** when the first of them began; null = none */
  readonly firstAt: string | null;
  /** by the limit that refused */
  readonly limits: readonly { readonly limit: string; readonly refused: number }[];
  /** tenants, the most affected first */
  readonly tenants: readonly { readonly tenant: string; readonly calls: number; readonly refused: number }[];
};

/** POST /api/admin/tiers/{slug}/replay: changes nothing; uses the same arithmetic as admission. */
export async function replayTier({ context, params, input }: AdminRequest<typeof replayInput>) {
  const faults = limitSetFaults(input.limits, "tier");
  if (faults.length > 0)
    throw new PublicError("invalid_value", faults.join("; "), { param: "limits", details: { faults } });
  const { snapshot } = context.policy;
  const tier = [...snapshot.tiers.values()].find((one) => one.slug === params.slug);
  if (tier === undefined) throw new PublicError("not_found", "There is no such tier.");
  const tenantIds = [...snapshot.tenants.values()].flatMap((tenant) => (tenant.tierId === tier.id ? tenant.id : []));
  await context.drainBooks();
  const since = new Date(context.clock.now() - input.hours * HOUR_MS);
  const [served, refused, refusals] = await Promise.all([
    pastCalls(context.db, { tenantIds, since, most: CALLS_MAX }),
    pastRefused(context.db, { tenantIds, since, most: REFUSED_MAX, lastsMs: REFUSED_LASTS_MS }),
    refusalTotals(context.db, { tenantId: null, since }),
  ]);
  const began = performance.now();
  const rows =
    refused.length === 0
      ? served
      : [...served, ...refused].sort((one, other) => one[PAST.beganAt] - other[PAST.beganAt]);
  const draft: OwnedLimit[] = input.limits.map((limit) => ({ ...limit, id: limit.id ?? limit.name }));
  const view: ReplayView = {
    calls: rows.length,
    servedInFact: served.length,
    hours: input.hours,
    refusedInFact: refusals.filter((row) => tenantIds.includes(row.tenantId)).reduce((sum, row) => sum + row.count, 0),
    now: outcomeOf(context, rows, (tenantId, key) => policyInForce(snapshot, tenantId, key)),
    draft: outcomeOf(context, rows, (tenantId, key) => policyOrRefuse(snapshot.policyIf(tenantId, key, draft))),
    tookMs: Math.round(performance.now() - began),
    contradictions: contradictions(draftPolicy(tier.slug, draft, context.clock.now()).limits),
  };
  return { body: view };
}

/** The draft alone, for any tenant. */
function draftPolicy(tier: string, ofTier: readonly OwnedLimit[], now: number): Policy {
  const nobody = { version: 0, tenant: { id: "", slug: "", timeZone: "UTC" }, tier: { slug: tier }, keyFamilyId: null };
  const none = { everyone: [], ofKey: [], overrides: [], budgets: [] };
  return policyOrRefuse(compilePolicy({ ...nobody, ...none, ofTier }, now));
}

/** A draft may be valid alone and invalid with a tenant's overrides. Then there is nothing to replay. */
function policyOrRefuse(compiled: Compiled): Policy {
  if (compiled.kind === "policy") return compiled.policy;
  const { faults } = compiled;
  throw new PublicError("invalid_value", faults.join("; "), { param: "limits", details: { faults } });
}

function outcomeOf(context: ConsoleContext, rows: readonly PastRow[], policyOf: PolicyOf): Outcome {
  const { tenants } = context.policy.snapshot;
  const byLimit = new Map<string, number>();
  const byTenant = new Map<string, { calls: number; refused: number }>();
  for (const row of rows) {
    const known = byTenant.get(row[PAST.tenantId]);
    if (known === undefined) byTenant.set(row[PAST.tenantId], { calls: 1, refused: 0 });
    else known.calls += 1;
  }
  let refused = 0;
  let firstAt: number | null = null;
  const past = new PastCalls(context, rows, policyOf);
  replay(past, (index, { limitId }) => {
    refused += 1;
    firstAt ??= past.beganAt(index);
    const name = past.nameOf(limitId);
    byLimit.set(name, (byLimit.get(name) ?? 0) + 1);
    const line = byTenant.get(rows[index]?.[PAST.tenantId] ?? "");
    if (line !== undefined) line.refused += 1;
  });
  return {
    refused,
    firstAt: firstAt === null ? null : new Date(firstAt).toISOString(),
    limits: [...byLimit]
      .map(([limit, count]) => ({ limit, refused: count }))
      .sort((left, right) => right.refused - left.refused),
    tenants: [...byTenant]
      .map(([id, line]) => ({ tenant: tenants.get(id)?.slug ?? id, ...line }))
      .sort((left, right) => right.refused - left.refused)
      .slice(0, WORST),
  };
}
