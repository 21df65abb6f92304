import { readOverrides } from "@/db/queries/limits/overrides";
import { listTiers } from "@/db/queries/limits/tiers";
import { readAudit } from "@/db/queries/operators/audit";
import type { Dimension } from "@/lib/limits/rules/dimensions";
import type { Layer } from "@/lib/limits/rules/layers";
import type { AlgorithmName, Rule } from "@/lib/limits/rules/rule";
import { patternMatches, strongest } from "@/lib/policy/compile";
import { contradictions } from "@/lib/policy/contradictions";
import type { CompiledLimit } from "@/lib/policy/policy";
import { limitRow } from "@/lib/policy/rows/limit-row";
import { policyInForce } from "@/lib/policy/snapshot/in-force";
import type { AdminRequest } from "../kernel/door";
import { tenantBySlug } from "../tenants/tenants";

/** Origins of a limit's number, weakest first. The last one that applies is in force. */
export type OriginStep = {
  /** "tier standard", "override for acme-*", "everyone", "budget monthly" */
  readonly from: string;
  /** of the tier or the tenant that `from` gives by its slug; null = of neither */
  readonly name: string | null;
  /** null = removes the limit */
  readonly capacity: number | null;
  readonly by: string | null;
  readonly at: string | null;
  readonly reason: string | null;
  readonly expiresAt: string | null;
  readonly holds: boolean;
};

export type EffectiveLimit = {
  readonly name: string;
  readonly layer: Layer;
  readonly dimension: Dimension;
  readonly algorithm: AlgorithmName;
  /** seconds; null for calendar windows and concurrency */
  readonly windowSeconds: number | null;
  readonly calendarPeriod: string | null;
  /** Refill per window if it differs from the capacity; otherwise null. */
  readonly refill: number | null;
  /** null = removed by an override */
  readonly capacity: number | null;
  readonly observe: boolean;
  /** the calls that it is for; without members all */
  readonly match: CompiledLimit["match"];
  readonly chain: readonly OriginStep[];
};
export type EffectiveLimits = {
  readonly limits: readonly EffectiveLimit[];
  readonly contradictions: readonly string[];
};

/**
 * GET /api/admin/tenants/{slug}/limits: every limit of a tenant, independent of the key, with the origin of its number.
 * For operators of some tenants without limits of all tenants together, and without the reasons of patterns.
 */
export async function effectiveLimits({ context, actor, params }: AdminRequest) {
  const tenant = tenantBySlug(context, params.slug ?? "");
  const { snapshot } = context.policy;
  const tier = snapshot.tiers.get(tenant.tierId);
  const { limits: rows } = await listTiers(context.db);
  const [published] = await readAudit(context.db, { action: "tiers.publish", target: tier?.slug ?? "", limit: 1 });
  const [everyone] = await readAudit(context.db, { action: "everyone.publish", target: "everyone", limit: 1 });
  const now = context.clock.now();
  const overrides = (await readOverrides(context.db)).filter(
    (row) => row.keyFamilyId === null && patternMatches(row.tenantPattern, tenant.slug),
  );
  const policy = policyInForce(snapshot, tenant.id, null);
  const isAll = actor.tenants === null;
  const own = rows.filter((row) => row.tierId === tenant.tierId || (isAll && row.tierId === null));
  const ofTier = own.flatMap((row): EffectiveLimit[] => {
    const { tierId, keyFamilyId: _key, position: _position, id: _id, ...rest } = row;
    const read = limitRow.safeParse(rest);
    if (!read.success) return [];
    const { name, layer, dimension, algorithm, windowSeconds, calendarPeriod, observe, match } = read.data;
    // An override replaces a tier limit, never a limit for everyone.
    const meant = overrides.filter((one) => tierId !== null && one.limitName === name);
    const winner = strongest(meant.filter((one) => one.expiresAt === null || one.expiresAt.getTime() > now));
    const base: OriginStep = {
      from: tierId === null ? "everyone" : `tier ${tier?.slug ?? ""}`,
      name: tierId === null ? null : (tier?.name ?? null),
      capacity: row.capacity,
      ...byOf(tierId === null ? everyone : published),
      reason: null,
      expiresAt: null,
      holds: winner === null,
    };
    const steps = meant.map((one): OriginStep => {
      const { tenantPattern, capacity, createdBy, createdAt, reason, expiresAt } = one;
      const dates = { at: createdAt.toISOString(), expiresAt: expiresAt?.toISOString() ?? null };
      return {
        from: `override for ${tenantPattern}`,
        name: tenantPattern === tenant.slug ? tenant.name : null,
        capacity,
        by: createdBy,
        reason: isAll || tenantPattern === tenant.slug ? reason : null,
        ...dates,
        holds: one === winner,
      };
    });
    return [
      {
        name,
        layer,
        dimension,
        algorithm,
        windowSeconds,
        calendarPeriod,
        observe,
        match,
        capacity: winner === null ? row.capacity : winner.capacity,
        refill: ownRefill(policy.limits.find((one) => one.limitId === row.id)?.rule),
        chain: [base, ...steps.filter((one) => !one.holds), ...steps.filter((one) => one.holds)],
      },
    ];
  });
  const applying = policy.limits.filter(
    ({ layer, origin }) => isAll || (layer !== "global" && origin.from !== "everyone"),
  );
  const budgets = applying.flatMap(ofBudget);
  const view: EffectiveLimits = { limits: [...ofTier, ...budgets], contradictions: contradictions(applying) };
  return { body: view };
}

/** A budget as a limit; nothing for other limits. */
function ofBudget(limit: CompiledLimit): EffectiveLimit[] {
  if (limit.origin.from !== "budget") return [];
  const from = { from: `budget ${limit.origin.budget}`, name: null, by: null, at: null, reason: null, expiresAt: null };
  const { name, layer, dimension, rule, observe, match } = limit;
  return [
    {
      name,
      layer,
      dimension,
      algorithm: rule.algorithm,
      // Of a rolling budget; a calendar window has no length of its own.
      windowSeconds: rule.periodMs === 0 ? null : rule.periodMs / 1000,
      observe,
      match,
      calendarPeriod: limit.calendar?.period ?? null,
      capacity: rule.capacity,
      refill: null,
      chain: [{ ...from, capacity: rule.capacity, holds: true }],
    },
  ];
}

/** A bucket's refill per window, if it differs from the capacity. A capacity of 0 never refills. */
function ownRefill(rule: Rule | undefined): number | null {
  const isBucket = rule?.algorithm === "token_bucket" || rule?.algorithm === "leaky_bucket";
  return rule !== undefined && isBucket && rule.capacity > 0 && rule.refill !== rule.capacity ? rule.refill : null;
}

function byOf(row: { readonly actor: string; readonly at: Date } | undefined) {
  return { by: row?.actor ?? null, at: row?.at.toISOString() ?? null };
}
