import type { AppliedLimit } from "@/lib/limits/plan";
import { type CallFacts, LAYERS, type Owner, subjectOf } from "@/lib/limits/rules/layers";
import { isAtMost, type Priority } from "@/lib/limits/rules/priority";
import type { Rule } from "@/lib/limits/rules/rule";
import { type BudgetRow, compileBudget } from "./budget";
import { calendarBounds, isTimeZone } from "./calendar";
import type { CompiledLimit, Origin, Policy } from "./policy";
import { UNITS_MAX } from "./rows/limit-bounds";
import { type LimitRow, limitSetFaults } from "./rows/limit-row";

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
  /** Limits of this tenant and for everyone. */
  readonly budgets: readonly BudgetRow[];
};

/** A policy, or its faults in words. Never a policy without the faulty limits. */
export type Compiled =
  | { readonly kind: "policy"; readonly policy: Policy }
  | { readonly kind: "faults"; readonly faults: readonly string[] };

/**
 * Compiles rows into a policy or faults. Limits for everyone, of the tier and of the key apply together. An override
 * replaces a limit of the tier. Among overrides the exact tenant beats a wildcard and one for the key beats one for all
 * keys.
 */
export function compilePolicy(source: PolicySource, now: number): Compiled {
  const { tenant, tier, keyFamilyId } = source;
  const applicable = source.overrides.filter(
    (row) =>
      (row.expiresAtMs === null || now < row.expiresAtMs) &&
      (row.keyFamilyId === null || row.keyFamilyId === keyFamilyId) &&
      patternMatches(row.tenantPattern, tenant.slug),
  );
  const rows: Origined[] = [
    ...source.everyone.map((row): Origined => ({ row, owner: "everyone", origin: { from: "everyone" } })),
    ...source.ofTier.flatMap((row) => overridden(row, applicable, tier.slug)),
    ...source.ofKey.map((row): Origined => ({ row, owner: "key", origin: { from: "key" } })),
  ];
  const faults = [
    ...(isTimeZone(tenant.timeZone) ? [] : [`tenant ${tenant.slug}: "${tenant.timeZone}" is not a time zone`]),
    ...(["everyone", "tier", "key"] as const).flatMap((owner) =>
      limitSetFaults(
        rows.flatMap((one) => (one.owner === owner ? one.row : [])),
        owner,
      ),
    ),
  ];
  if (faults.length > 0) return { kind: "faults", faults };
  const budgets = source.budgets.map((row) => compileBudget(row, now));
  const limits = [
    ...rows.map((one) => compileLimit(one, tenant.timeZone, keyFamilyId)),
    ...budgets.map(({ limit }) => limit),
  ].sort((left, right) => LAYERS.indexOf(left.layer) - LAYERS.indexOf(right.layer));
  const expiries = [...applicable.map((row) => row.expiresAtMs), ...budgets.map((one) => one.untilMs)].flatMap(
    (at) => at ?? [],
  );
  const validUntilMs = expiries.length === 0 ? null : Math.min(...expiries);
  return { kind: "policy", policy: { version: source.version, limits, validUntilMs } };
}

type Origined = { readonly row: OwnedLimit; readonly owner: Owner; readonly origin: Origin };

/** The limits of a policy that apply to one call, with their subjects and, for calendar limits, the window at `now`. */
export function appliedLimits(policy: Policy, facts: CallFacts, called: Called, now: number): AppliedLimit[] {
  const limits: AppliedLimit[] = [];
  for (const limit of matching(policy, facts.endpoint, called)) {
    const subject = subjectOf(limit.layer, facts, isForEveryone(limit), limit.match.tag);
    if (subject !== null && isFor(limit, subject)) limits.push(applied(limit, subject, now));
  }
  return limits;
}

export type Called = { readonly model: string; readonly provider: string; readonly priority: Priority };

/** The limits of a policy for one kind of call, for every caller: compiled once for each kind. */
function matching(policy: Policy, endpoint: string, called: Called): readonly CompiledLimit[] {
  const kind = `${called.priority} ${endpoint} ${called.provider} ${called.model}`;
  const kinds = MATCHING.get(policy) ?? new Map<string, readonly CompiledLimit[]>();
  const known = kinds.get(kind);
  if (known !== undefined) return known;
  const limits = policy.limits.filter((limit) => isMatched(limit, endpoint, called));
  if (kinds.size >= KINDS_MAX) kinds.clear();
  MATCHING.set(policy, kinds.set(kind, limits));
  return limits;
}

/** Whether a limit is for this kind of call. */
export function isMatched({ match }: CompiledLimit, endpoint: string, called: Called): boolean {
  if (match.model !== undefined && !patternMatches(match.model, called.model)) return false;
  if (match.provider !== undefined && !patternMatches(match.provider, called.provider)) return false;
  if (match.endpoint !== undefined && match.endpoint !== endpoint) return false;
  return match.priority === undefined || isAtMost(called.priority, match.priority);
}

const MATCHING = new WeakMap<Policy, Map<string, readonly CompiledLimit[]>>();
/** Models times endpoints times priorities that one key calls by. */
const KINDS_MAX = 1000;

/** Whether a limit counts all tenants together, if its layer allows both. */
export function isForEveryone({ origin }: CompiledLimit): boolean {
  return origin.from === "everyone";
}

/** Whether a limit is for this subject of its layer. */
export function isFor({ onlySubject }: CompiledLimit, subject: string): boolean {
  return onlySubject === null || onlySubject === subject;
}

/** One compiled limit for one subject at `now`. */
export function applied(limit: CompiledLimit, subject: string, now: number): AppliedLimit {
  const { limitId, layer, dimension, slotId, observe, failureMode } = limit;
  const rule = ruleAt(limit, now);
  return { limitId, layer, dimension, subject, slotId, counter: `${subject}#${slotId}`, rule, observe, failureMode };
}

/** A limit's rule at `now`. Within one calendar window it is the very same rule: what is prepared for it is found by it. */
function ruleAt(limit: CompiledLimit, now: number): Rule {
  const { calendar } = limit;
  if (calendar === null) return limit.rule;
  const known = IN_WINDOW.get(limit);
  if (known?.bounds != null && now >= known.bounds.startMs && now < known.bounds.endMs) return known;
  const rule = { ...limit.rule, bounds: calendarBounds(calendar.period, calendar.zone, now) };
  IN_WINDOW.set(limit, rule);
  return rule;
}

const IN_WINDOW = new WeakMap<CompiledLimit, Rule>();

/** Exact, or a prefix before one trailing star. */
export function patternMatches(pattern: string, text: string): boolean {
  return pattern.endsWith("*") ? text.startsWith(pattern.slice(0, -1)) : text === pattern;
}

function compileLimit({ row, owner, origin }: Origined, tenantZone: string, keyFamilyId: string | null): CompiledLimit {
  // A limit for everyone uses one window for all tenants, regardless of their time zones.
  const zone = row.timeZone ?? (owner === "everyone" ? "UTC" : tenantZone);
  const calendar = row.calendarPeriod === null ? null : { period: row.calendarPeriod, zone };
  const span = calendar === null ? `${row.windowSeconds ?? 0}s` : `${calendar.period}@${calendar.zone}`;
  return {
    limitId: row.id,
    name: row.name,
    layer: row.layer,
    dimension: row.dimension,
    slotId: `${SLOT_OWNER[owner](keyFamilyId)}${row.name}|${row.algorithm}|${span}`,
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

/** Limits of one name but of different owners hold side by side, so their counters must differ too. */
const SLOT_OWNER: Readonly<Record<Owner, (keyFamilyId: string | null) => string>> = {
  everyone: () => "everyone/",
  tier: () => "",
  key: (family) => `key/${family}/`,
};

/** A capacity of 0 admits nothing: it saves nothing up, and a refill of at least 1 keeps every division sound. */
function ruleOf(row: LimitRow): Rule {
  return {
    algorithm: row.algorithm,
    capacity: row.capacity,
    refill: Math.max(1, row.refill ?? row.capacity),
    periodMs: (row.windowSeconds ?? 0) * 1000,
    credit: row.capacity === 0 ? 0 : (row.burstCredit ?? 0),
    bounds: null,
  };
}

/**
 * A tier's limit after its strongest override. A new capacity scales the refill with it unless the override names its
 * own, so that "double it" means it.
 */
function overridden(row: OwnedLimit, overrides: readonly OverrideRow[], tier: string): Origined[] {
  const override = strongest(overrides.filter((candidate) => candidate.limitName === row.name));
  if (override === null) return [{ row, owner: "tier", origin: { from: "tier", tier } }];
  const { capacity, tenantPattern, reason } = override;
  if (capacity === null) return [];
  const scaled =
    row.refill === null || row.capacity === 0
      ? row.refill
      : Math.min(UNITS_MAX, Math.max(1, Math.round((row.refill * capacity) / row.capacity)));
  const origin: Origin = { from: "override", pattern: tenantPattern, reason };
  return [{ row: { ...row, capacity, refill: override.refill ?? scaled }, owner: "tier", origin }];
}

type Ranked = Pick<OverrideRow, "tenantPattern" | "keyFamilyId">;

/** The winning override for a tenant and key, the first of equals; null = none. */
export function strongest<Row extends Ranked>(rows: readonly Row[]): Row | null {
  const strength = (row: Row) =>
    (row.tenantPattern.endsWith("*") ? row.tenantPattern.length : 1000) + (row.keyFamilyId === null ? 0 : 2000);
  return rows.reduce<Row | null>((best, row) => (best === null || strength(row) > strength(best) ? row : best), null);
}
