import { z } from "zod";
import { DAY_MS, HOUR_MS } from "@/lib/clock";
import { exactDollars } from "@/lib/money/exact-dollars";
import { heaviestOver, type KeyMinute } from "./emergency-cap";
import { byProvider, failedPercent, failing } from "./failing-providers";

export const SEVERITIES = ["info", "warning", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];

const tenant = z.string().min(1).max(128).optional();
const percent = z.number().min(0).max(100);
const minutes = z.number().int().min(1).max(60).default(5);
const cap = z.number().int().min(1).max(9_000_000_000_000_000).optional();
const minCalls = z.number().int().min(1).max(1_000_000).default(20);

/** The rule kinds, each with its own numbers. `tenant` narrows a rule to one tenant; absent = all. */
export const ruleWatch = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("budget_threshold"), tenant, minPercent: z.number().min(1).max(200).default(1) }),
  z.strictObject({ kind: z.literal("limit_remaining"), tenant, percent: percent.default(10) }),
  z.strictObject({ kind: z.literal("forecast"), tenant, withinHours: z.number().min(0.1).max(744).default(24) }),
  z.strictObject({ kind: z.literal("refusal_rate"), tenant, percent: percent.default(25), minutes, minCalls }),
  z.strictObject({ kind: z.literal("spend_rate"), tenant, microUsdPerMinute: z.number().int().min(1), minutes }),
  z.strictObject({
    kind: z.literal("upstream_errors"),
    provider: tenant,
    percent: percent.default(20),
    minutes,
    minCalls,
  }),
  z.strictObject({
    kind: z.literal("upstream_limited"),
    provider: tenant,
    inARow: z.number().int().min(1).max(1000).default(3),
  }),
  z
    .strictObject({
      kind: z.literal("emergency_cap"),
      callsPerMinute: cap,
      tokensPerMinute: cap,
      microUsdPerMinute: cap,
    })
    .refine((one) => (one.callsPerMinute ?? one.tokensPerMinute ?? one.microUsdPerMinute) !== undefined, "name a cap"),
  z.strictObject({ kind: z.literal("store_away") }),
  z.strictObject({ kind: z.literal("audit_broken") }),
  z.strictObject({ kind: z.literal("brake") }),
  z.strictObject({ kind: z.literal("drill_overdue"), days: z.number().int().min(1).max(366).default(30) }),
  z.strictObject({ kind: z.literal("more_asked"), tenant }),
  z.strictObject({ kind: z.literal("key_expiring"), tenant, days: z.number().int().min(1).max(90).default(14) }),
  z.strictObject({ kind: z.literal("key_rotation"), tenant, days: z.number().int().min(0).max(90).default(14) }),
]);
export type RuleWatch = z.infer<typeof ruleWatch>;

/** What a finding may stop automatically, and for how long. Set once per alert: if an operator lifts it, it stays lifted. */
export const ruleBrake = z.strictObject({
  mode: z.enum(["block", "drain", "cut", "degrade"]),
  minutes: z.number().int().min(1).max(1440).default(15),
});
export type RuleBrake = z.infer<typeof ruleBrake>;

/**
 * Whether a finding can end by itself. A process that starts later, or has its own anchors, may not see that the audit
 * log was changed. Such an alert stays open until its rule is removed.
 */
export function mayEnd(kind: string): boolean {
  return kind !== "audit_broken";
}

/** Kinds whose findings name one tenant, key or provider, which can be stopped. */
export function mayBrake(kind: RuleWatch["kind"]): boolean {
  return ["spend_rate", "refusal_rate", "upstream_errors", "emergency_cap"].includes(kind);
}

/** The subject of a finding of such a kind; null when it names none. */
export function scopeOf({ tenant: of, provider, key }: Readonly<Record<string, unknown>>): FoundScope | null {
  const named = {
    ...(typeof of === "string" ? { tenant: of } : {}),
    ...(typeof key === "string" ? { key } : {}),
    ...(typeof provider === "string" ? { provider } : {}),
  };
  return Object.keys(named).length === 0 ? null : named;
}

type FoundScope = { readonly tenant?: string; readonly key?: string; readonly provider?: string };

/** One finding of a rule. A one-time event (a threshold was passed) is over at once. */
export type Finding = {
  /** the same as long as the finding is the same */
  readonly subject: string;
  readonly title: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly once: boolean;
};

/** The facts that rules are checked against; the console shows the same numbers. Money in micro-dollars. */
export type Facts = {
  /** a tenant's name, by its slug */
  readonly called: (tenant: string) => string;
  /** thresholds that were passed and not yet checked */
  readonly passed: readonly {
    readonly seq: number;
    readonly tenant: string | null;
    readonly budget: string;
    readonly subject: string;
    readonly percent: number;
    readonly spentMicroUsd: number;
    readonly amountMicroUsd: number;
    readonly action: string;
  }[];
  readonly limits: readonly { tenant: string; limit: string; used: number; capacity: number }[];
  readonly forecasts: readonly { tenant: string | null; budget: string; exhaustedAt: string | null }[];
  readonly traffic: readonly {
    tenant: string;
    minutesAgo: number;
    calls: number;
    refused: number;
    tokens: number;
    costMicroUsd: number;
  }[];
  /** by key, of the last two minutes; only when a cap is exceeded */
  readonly keyTraffic: readonly KeyMinute[];
  /** calls that are evidence about their provider */
  readonly upstream: readonly {
    provider: string;
    tenant: string;
    minutesAgo: number;
    calls: number;
    failed: number;
  }[];
  /** places where providers are closed, or recently answered 429 */
  readonly places: readonly {
    provider: string;
    model: string | null;
    limitedInARow: number;
    detail: string;
    /** when the next probe may be sent */
    untilMs: number;
  }[];
  readonly brakes: readonly {
    id: string;
    scope: Readonly<Record<string, unknown>>;
    mode: string;
    reason: string;
    by: string;
  }[];
  readonly lastBrakeAt: number | null;
  readonly keys: readonly { tenant: string; id: string; name: string; expiresAt: number }[];
  /** keys with a rotation schedule and no successor yet */
  readonly rotations: readonly { tenant: string; id: string; name: string; dueAt: number }[];
  /** requests of key holders that no operator has handled yet */
  readonly wishes: readonly { tenant: string; id: string; key: string; keyName: string; wish: string }[];
  readonly isStoreAway: boolean;
  /** what this process found wrong at the end of the audit log; null = nothing */
  readonly auditFault: string | null;
  readonly now: number;
};

/** A rule's findings in the facts. Pure; money and shares as words, so that a message needs no look-up. */
export function findingsOf(watch: RuleWatch, facts: Facts): Finding[] {
  switch (watch.kind) {
    case "budget_threshold":
      return passedThresholds(watch, facts);
    case "limit_remaining":
      return nearlyUsedLimits(watch, facts);
    case "forecast":
      return soonUsedBudgets(watch, facts);
    case "refusal_rate":
      return refusedTenants(watch, facts);
    case "spend_rate":
      return fastSpenders(watch, facts);
    case "upstream_errors":
      return failingProviders(watch, facts);
    case "upstream_limited":
      return limitedPlaces(watch, facts);
    case "emergency_cap":
      return heaviestOverCap(watch, facts);
    case "store_away":
      return facts.isStoreAway
        ? [state("store", "The shared store is away: each process enforces its share of the limits alone", {})]
        : [];
    case "audit_broken": {
      const fault = facts.auditFault;
      return fault === null ? [] : [state("audit", `The audit log was tampered with: ${fault}`, { fault })];
    }
    case "brake":
      return facts.brakes.map((one) =>
        state(one.id, `${one.by} set a brake (${one.mode}) on ${scopeWords(one.scope)}: ${one.reason}`, one),
      );
    case "drill_overdue":
      return overdueDrill(watch, facts);
    case "key_expiring":
      return expiringKeys(watch, facts);
    case "key_rotation":
      return dueRotations(watch, facts);
    case "more_asked":
      return openWishes(watch, facts);
    default:
      return watch satisfies never;
  }
}

type Watch<Kind extends RuleWatch["kind"]> = Extract<RuleWatch, { kind: Kind }>;

function state(subject: string, title: string, detail: Finding["detail"]): Finding {
  return { subject, title, detail, once: false };
}

function isFor(watch: { readonly tenant?: string | undefined }, slug: string | null): boolean {
  return watch.tenant === undefined || watch.tenant === slug;
}

function passedThresholds(watch: Watch<"budget_threshold">, { passed, called }: Facts): Finding[] {
  return passed
    .filter((one) => isFor(watch, one.tenant) && one.percent >= watch.minPercent)
    .map((one) => ({
      subject: `event ${one.seq}`,
      title: `Budget "${one.budget}" has passed ${round(one.percent)} %: ${exactDollars(one.spentMicroUsd)} of ${exactDollars(one.amountMicroUsd)}${one.tenant === null ? "" : ` (${called(one.tenant)})`}`,
      detail: one,
      once: true,
    }));
}

function nearlyUsedLimits(watch: Watch<"limit_remaining">, { limits, called }: Facts): Finding[] {
  return limits
    .filter((one) => isFor(watch, one.tenant) && one.capacity > 0 && leftShare(one) <= watch.percent)
    .map((one) => {
      const title = `${called(one.tenant)} has ${round(leftShare(one))} % left of "${one.limit}"`;
      return state(`${one.tenant}/${one.limit}`, title, one);
    });
}

function soonUsedBudgets(watch: Watch<"forecast">, { forecasts, now }: Facts): Finding[] {
  return forecasts.flatMap((one) => {
    const at = one.exhaustedAt === null ? null : Date.parse(one.exhaustedAt);
    if (!isFor(watch, one.tenant) || at === null || at > now + watch.withinHours * HOUR_MS) return [];
    const when = at <= now ? "is used up" : `will be used up by ${one.exhaustedAt} at the last hour's rate`;
    return state(`${one.budget}`, `Budget "${one.budget}" ${when}`, one);
  });
}

function refusedTenants(watch: Watch<"refusal_rate">, facts: Facts): Finding[] {
  return byTenant(facts, watch.minutes).flatMap((one) => {
    const asked = one.calls + one.refused;
    const share = (one.refused / Math.max(1, asked)) * 100;
    if (!isFor(watch, one.tenant) || asked < watch.minCalls || share < watch.percent) return [];
    const title = `${facts.called(one.tenant)}: ${round(share)} % of ${asked} calls were refused in ${watch.minutes} min`;
    return state(one.tenant, title, one);
  });
}

function fastSpenders(watch: Watch<"spend_rate">, facts: Facts): Finding[] {
  return byTenant(facts, watch.minutes).flatMap((one) => {
    const rate = one.costMicroUsd / watch.minutes;
    if (!isFor(watch, one.tenant) || rate < watch.microUsdPerMinute) return [];
    const detail = { ...one, microUsdPerMinute: rate };
    return state(one.tenant, `${facts.called(one.tenant)} spends ${exactDollars(rate)} per minute`, detail);
  });
}

function failingProviders(watch: Watch<"upstream_errors">, facts: Facts): Finding[] {
  return [...byProvider(facts.upstream, watch.minutes)]
    .filter(([provider]) => watch.provider === undefined || watch.provider === provider)
    .flatMap(([provider, answered]) => failing(provider, answered, watch))
    .map((one) => {
      const { provider, tenant: only } = one;
      const about = only === undefined ? provider : `${provider}, for ${facts.called(only)}`;
      const title = `${about}: ${round(failedPercent(one))} % of ${one.calls} calls failed in ${watch.minutes} min`;
      return state(only === undefined ? provider : `${provider}/${only}`, title, one);
    });
}

function limitedPlaces(watch: Watch<"upstream_limited">, { places }: Facts): Finding[] {
  return places
    .filter((one) => one.limitedInARow >= watch.inARow && (watch.provider ?? one.provider) === one.provider)
    .map((one) => {
      const { provider, model, limitedInARow, untilMs, detail } = one;
      const about = model === null ? provider : `${provider}, model ${model}`;
      const title = `${about}: ${limitedInARow} calls in a row were answered 429; the next one goes at ${new Date(untilMs).toISOString()}`;
      return state(`${provider}/${model ?? ""}`, title, { model, limitedInARow, detail });
    });
}

/** The whole installation exceeds its cap. A brake stops the smallest scope that helps. */
function heaviestOverCap(watch: Watch<"emergency_cap">, { traffic, keyTraffic, called }: Facts): Finding[] {
  const found = heaviestOver(watch, traffic, keyTraffic, called);
  return found === null ? [] : [state(found.subject, found.title, { ...found.detail })];
}

function overdueDrill(watch: Watch<"drill_overdue">, { lastBrakeAt, now }: Facts): Finding[] {
  const isOverdue = lastBrakeAt === null || now - lastBrakeAt > watch.days * DAY_MS;
  const detail = { lastBrakeAt: lastBrakeAt === null ? null : new Date(lastBrakeAt).toISOString() };
  return isOverdue ? [state("drill", `No brake has been tried for ${watch.days} days`, detail)] : [];
}

function expiringKeys(watch: Watch<"key_expiring">, { keys, called, now }: Facts): Finding[] {
  return keys
    .filter((one) => isFor(watch, one.tenant) && one.expiresAt > now && one.expiresAt - now <= watch.days * DAY_MS)
    .map((one) => {
      const expires = new Date(one.expiresAt).toISOString();
      return state(one.id, `Key "${one.name}" (${one.id}) of ${called(one.tenant)} expires ${expires}`, one);
    });
}

function dueRotations(watch: Watch<"key_rotation">, { rotations, called, now }: Facts): Finding[] {
  return rotations
    .filter((one) => isFor(watch, one.tenant) && one.dueAt - now <= watch.days * DAY_MS)
    .map((one) => {
      const due = `${one.dueAt <= now ? "was" : "is"} to be replaced by ${new Date(one.dueAt).toISOString()}`;
      return state(one.id, `Key "${one.name}" (${one.id}) of ${called(one.tenant)} ${due}`, one);
    });
}

function openWishes(watch: Watch<"more_asked">, { wishes, called }: Facts): Finding[] {
  return wishes
    .filter((one) => isFor(watch, one.tenant))
    .map((one) => state(one.id, `Key "${one.keyName}" of ${called(one.tenant)} asks for more: ${one.wish}`, one));
}

function leftShare({ used, capacity }: { used: number; capacity: number }): number {
  return (Math.max(0, capacity - used) / capacity) * 100;
}

function byTenant(facts: Facts, minutes: number) {
  const sums = new Map<string, { tenant: string; calls: number; refused: number; costMicroUsd: number }>();
  for (const { tenant: slug, minutesAgo, calls, refused, costMicroUsd } of facts.traffic) {
    if (minutesAgo >= minutes) continue;
    const known = sums.get(slug) ?? { tenant: slug, calls: 0, refused: 0, costMicroUsd: 0 };
    sums.set(slug, {
      tenant: slug,
      calls: known.calls + calls,
      refused: known.refused + refused,
      costMicroUsd: known.costMicroUsd + costMicroUsd,
    });
  }
  return [...sums.values()];
}

function scopeWords(scope: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(scope).map(([name, value]) => `${name} ${String(value)}`);
  return parts.length === 0 ? "everything" : parts.join(", ");
}

function round(share: number): number {
  return Math.round(share * 10) / 10;
}
