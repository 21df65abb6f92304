import { type CallFacts, LAYERS, subjectOf } from "@/lib/limits/layers";
import type { AppliedLimit } from "@/lib/limits/plan";
import { isAtMost, type Priority } from "@/lib/limits/priority";
import type { Rule } from "@/lib/limits/rule";
import { type BudgetRow, compileBudget } from "./budget";
import { calendarBounds } from "./calendar";
import { type LimitRow, limitFaults, UNITS_MAX } from "./limit-row";
import type { CompiledLimit, Origin, Policy } from "./policy";

export type OwnedLimit = LimitRow & { readonly id: string };

export type OverrideRow = {
  readonly tenantPattern: string;
  readonly keyFamilyId: string | null;
  readonly limitName: string;
  readonly capacity: number | null;
  readonly refill: number | null;
  readonly reason: string;
  readonly expiresAtMs: number | null;
};

export type PolicySource = {
  readonly version: number;
  readonly tenant: { readonly id: string; readonly slug: string; readonly timeZone: string };
  readonly tier: { readonly slug: string };
  readonly keyFamilyId: string | null;
  readonly everyone: readonly OwnedLimit[];
  readonly ofTier: readonly OwnedLimit[];
  readonly ofKey: readonly OwnedLimit[];
  readonly overrides: readonly OverrideRow[];
  /** Those of this tenant and of everybody. */
  readonly budgets: readonly BudgetRow[];
};

/**
 * Rows to a policy, or to faults in words. A key's own limit beats an override, which beats the tier's limit of the
 * same name; among overrides the exact tenant beats a wildcard and one for the key beats one for all keys.
 */
export function compilePolicy(source: PolicySource, now: number): { policy: Policy; faults: readonly string[] } {
  const applicable = source.overrides.filter(
    (row) =>
      (row.expiresAtMs === null || now < row.expiresAtMs) &&
      (row.keyFamilyId === null || row.keyFamilyId === source.keyFamilyId) &&
      patternMatches(row.tenantPattern, source.tenant.slug),
  );
  const byName = new Map<string, CompiledLimit | null>();
  const faults: string[] = [];
  const put = (row: OwnedLimit, origin: Origin) => {
    const found = limitFaults(row);
    faults.push(...found);
    if (found.length === 0) byName.set(row.name, compileLimit(row, source.tenant.timeZone, origin));
  };
  for (const row of source.everyone) put(row, { from: "everyone" });
  for (const row of source.ofTier) {
    const override = strongest(applicable.filter((candidate) => candidate.limitName === row.name));
    if (override === null) put(row, { from: "tier", tier: source.tier.slug });
    else if (override.capacity === null) byName.set(row.name, null);
    else
      put(overridden(row, override, override.capacity), {
        from: "override",
        pattern: override.tenantPattern,
        reason: override.reason,
      });
  }
  for (const row of source.ofKey) put(row, { from: "key" });
  const budgets = source.budgets.map((row) => compileBudget(row, now));
  const limits = [...[...byName.values()].flatMap((limit) => limit ?? []), ...budgets.map(({ limit }) => limit)].sort(
    (left, right) => LAYERS.indexOf(left.layer) - LAYERS.indexOf(right.layer),
  );
  const expiries = [...applicable.map((row) => row.expiresAtMs), ...budgets.map((one) => one.untilMs)].flatMap(
    (at) => at ?? [],
  );
  const validUntilMs = expiries.length === 0 ? null : Math.min(...expiries);
  return { policy: { version: source.version, limits, validUntilMs }, faults };
}

/** The limits of a policy that hold for one call, with their subjects and, for calendars, the window at `now`. */
export function appliedLimits(
  policy: Policy,
  facts: CallFacts,
  called: { readonly model: string; readonly provider: string; readonly priority: Priority },
  now: number,
): AppliedLimit[] {
  return policy.limits.flatMap((limit) => {
    const { match } = limit;
    if (match.model !== undefined && !patternMatches(match.model, called.model)) return [];
    if (match.provider !== undefined && !patternMatches(match.provider, called.provider)) return [];
    if (match.endpoint !== undefined && match.endpoint !== facts.endpoint) return [];
    if (match.priority !== undefined && !isAtMost(called.priority, match.priority)) return [];
    const subject = subjectOf(limit.layer, facts);
    return subject === null || !isFor(limit, subject) ? [] : [applied(limit, subject, now)];
  });
}

/** Whether a limit is for this subject of its layer. */
export function isFor({ onlySubject }: CompiledLimit, subject: string): boolean {
  return onlySubject === null || onlySubject === subject;
}

/** One compiled limit made ready for one subject at `now`. */
export function applied(limit: CompiledLimit, subject: string, now: number): AppliedLimit {
  const { limitId, layer, dimension, slotId, observe, failureMode, calendar } = limit;
  const rule =
    calendar === null ? limit.rule : { ...limit.rule, bounds: calendarBounds(calendar.period, calendar.zone, now) };
  return { limitId, layer, dimension, subject, slotId, counter: `${subject}#${slotId}`, rule, observe, failureMode };
}

/** Exact, or a prefix before one trailing star. */
export function patternMatches(pattern: string, text: string): boolean {
  return pattern.endsWith("*") ? text.startsWith(pattern.slice(0, -1)) : text === pattern;
}

function compileLimit(row: OwnedLimit, tenantZone: string, origin: Origin): CompiledLimit {
  const calendar =
    row.calendarPeriod === null ? null : { period: row.calendarPeriod, zone: row.timeZone ?? tenantZone };
  const span = calendar === null ? `${row.windowSeconds ?? 0}s` : `${calendar.period}@${calendar.zone}`;
  return {
    limitId: row.id,
    name: row.name,
    layer: row.layer,
    dimension: row.dimension,
    slotId: `${row.name}|${row.algorithm}|${span}`,
    rule: ruleOf(row),
    calendar,
    match: row.match,
    onExceed: row.onExceed,
    failureMode: row.failureMode,
    observe: row.observe,
    origin,
    onlySubject: null,
    degradeFrom: null,
    queueFrom: null,
  };
}

function ruleOf(row: LimitRow): Rule {
  // Strict: burst + refill = capacity, so that no window of this length ever holds more than the capacity.
  const burst = row.strict ? Math.ceil(row.capacity / 2) : row.capacity;
  const refill = row.strict ? row.capacity - burst : (row.refill ?? row.capacity);
  return {
    algorithm: row.algorithm,
    capacity: Math.min(burst, UNITS_MAX),
    refill,
    periodMs: (row.windowSeconds ?? 0) * 1000,
    credit: row.burstCredit ?? 0,
    bounds: null,
  };
}

/** An override of the capacity scales the refill with it unless it names its own, so that "double it" means it. */
function overridden(row: OwnedLimit, override: OverrideRow, capacity: number): OwnedLimit {
  const scaled =
    row.refill === null || row.capacity === 0
      ? row.refill
      : Math.max(1, Math.round((row.refill * capacity) / row.capacity));
  return { ...row, capacity, refill: override.refill ?? scaled };
}

type Ranked = Pick<OverrideRow, "tenantPattern" | "keyFamilyId">;

/** The override that wins among those that are meant for a tenant and its key, the first of equals; null when there is none. */
export function strongest<Row extends Ranked>(rows: readonly Row[]): Row | null {
  const strength = (row: Row) =>
    (row.tenantPattern.endsWith("*") ? row.tenantPattern.length : 1000) + (row.keyFamilyId === null ? 0 : 2000);
  return rows.reduce<Row | null>((best, row) => (best === null || strength(row) > strength(best) ? row : best), null);
}
