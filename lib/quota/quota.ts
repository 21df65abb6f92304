import type { Admission, RunningCall } from "@/lib/admission/admission";
import type { CheckState } from "@/lib/limits/decide";
import type { FailureMode } from "@/lib/limits/plan";
import type { Amounts, Dimension } from "@/lib/limits/rules/dimensions";
import { type CallFacts, type Layer, NO_TAGS, subjectOf } from "@/lib/limits/rules/layers";
import type { AlgorithmName } from "@/lib/limits/rules/rule";
import { applied, type Called, isFor, isForEveryone, isMatched } from "@/lib/policy/compile";
import type { CompiledLimit, Origin, Policy } from "@/lib/policy/policy";
import { forecastOf, type Pace } from "./forecast";

/** One limit of a caller with its remaining units, from the functions that decide. Units of its dimension. */
export type QuotaLine = {
  readonly name: string;
  readonly layer: Layer;
  readonly dimension: Dimension;
  readonly algorithm: AlgorithmName;
  readonly limit: number;
  /** includes reservations of running calls */
  readonly used: number;
  /** reservations of running calls; null = not read */
  readonly reserved: number | null;
  /** burst credit saved up beyond the limit; part of what remains */
  readonly credit: number;
  readonly remaining: number;
  /** seconds until nothing of it is used, if nobody calls; 0 = nothing is used */
  readonly resetSeconds: number;
  readonly resetAt: string;
  /** when a budget or a calendar window is used up; null = not before its end, or not that kind of limit */
  readonly exhaustedAt: string | null;
  /** the rate of the forecast; null = no forecast, or already used up */
  readonly exhaustedPace: Pace | null;
  readonly observe: boolean;
  /** its failure mode while the shared store is away */
  readonly failureMode: FailureMode;
  /** the calls that it applies to; without members all calls */
  readonly match: CompiledLimit["match"];
  readonly origin: Origin;
};

export type Quota = { readonly policyVersion: number; readonly at: string; readonly limits: readonly QuotaLine[] };

type Subjects = { readonly [Member in keyof CallFacts]: CallFacts[Member] | null };

/** The reservation of one running call, with its subjects. */
export type Reserved = {
  readonly facts: CallFacts;
  /** what limits match it by, in addition to its endpoint */
  readonly called: Called;
  readonly amounts: Amounts;
};
export type ReservedOf = (call: RunningCall) => Reserved | null;

/** Micro-dollars that a budget's only subject spent in the last hour, by slug; null = unknown. */
export type BurnOf = (budget: string) => Promise<number | null>;

/** Every limit whose subject is known, with its remaining units. Layers with an unknown subject are left out. */
export async function quotaOf(input: {
  admission: Admission;
  policy: Policy;
  facts: Subjects & { readonly tenantId: string };
  now: number;
  /** null: reservations of running calls are not read */
  reservedOf: ReservedOf | null;
  /** Absent: budgets are forecast by the window so far. */
  burnOf?: BurnOf;
}): Promise<Quota> {
  const { admission, policy, facts, now, reservedOf, burnOf } = input;
  const shown = knownLimits(policy, facts, now);
  const [peeked, burns, running] = await Promise.all([
    admission.peek(shown.map((one) => one.applied)),
    Promise.all(shown.map(({ limit }) => burnOfLimit(limit, burnOf))),
    reservedOf === null ? null : admission.running(facts.tenantId),
  ]);
  const reserved = running?.flatMap((call) => reservedOf?.(call) ?? []) ?? null;
  const limits = peeked.states.flatMap((state, index) => {
    const limit = shown[index]?.limit;
    return limit === undefined
      ? []
      : [
          quotaLine(limit, state, peeked.now, {
            reserved: reserved && reservedOn(limit, state, reserved),
            burn: burns[index] ?? null,
          }),
        ];
  });
  return { policyVersion: policy.version, at: new Date(peeked.now).toISOString(), limits };
}

/**
 * A quota as the holder of a key sees it: without the counters that all tenants share, which tell of the others' use and of
 * the platform's budget, and without the reasons that operators wrote for each other. The caller's own address stays.
 */
export function forHolder({ limits, ...quota }: Quota): Quota {
  return { ...quota, limits: limits.filter((line) => !isShared(line)).map(withoutReason) };
}

function isShared({ layer, origin }: QuotaLine): boolean {
  return layer === "global" || layer === "provider" || (layer !== "ip" && origin.from === "everyone");
}

function withoutReason(line: QuotaLine): QuotaLine {
  // The pattern of an override may name other tenants.
  return line.origin.from === "override" ? { ...line, origin: { ...line.origin, pattern: "", reason: "" } } : line;
}

/** Every limit whose subject is known, ready to be looked up. */
export function knownLimits(policy: Policy, facts: Subjects & { readonly tenantId: string }, now: number) {
  return policy.limits.flatMap((limit) => {
    const subject = knownSubject(limit, facts);
    return subject === null || !isFor(limit, subject) ? [] : [{ limit, applied: applied(limit, subject, now) }];
  });
}

function knownSubject(limit: CompiledLimit, facts: Subjects): string | null {
  const { tenantId, tierId, keyFamilyId, userDigest, addressDigest, endpoint, modelId, providerId } = facts;
  const { featureDigest, sessionDigest, agentDigest, tags } = facts;
  const needed: Readonly<Record<CompiledLimit["layer"], string | null>> = {
    global: "",
    provider: providerId,
    model: modelId,
    ip: addressDigest,
    tenant: tenantId,
    user: userDigest,
    key: keyFamilyId,
    endpoint,
    feature: featureDigest,
    session: sessionDigest,
    agent: agentDigest,
    tag: tags === null || tags.size === 0 ? null : "",
  };
  if (needed[limit.layer] === null) return null;
  const known = (value: string | null) => value ?? "";
  const all = {
    tenantId: known(tenantId),
    tierId: known(tierId),
    keyFamilyId: known(keyFamilyId),
    userDigest,
    featureDigest,
    sessionDigest,
    agentDigest,
    tags: tags ?? NO_TAGS,
    addressDigest: known(addressDigest),
    endpoint: known(endpoint),
    modelId: known(modelId),
    providerId: known(providerId),
  };
  return subjectOf(limit.layer, all, isForEveryone(limit), limit.match.tag);
}

/** Reservations of running calls on one limit and subject. Never more than its usage. */
function reservedOn(limit: CompiledLimit, { check, used }: CheckState, reserved: readonly Reserved[]): number {
  const sum = reserved
    .filter(({ facts, called }) => isMatched(limit, facts.endpoint, called))
    .filter(({ facts }) => subjectOf(check.layer, facts, isForEveryone(limit), limit.match.tag) === check.subject)
    .reduce((total, { amounts }) => total + amounts[check.dimension], 0);
  return Math.min(sum, used);
}

const NOT_LOOKED_UP = { reserved: null, burn: null };

/** The hourly burn of a limit's budget; null = not a budget, or unknown. */
export function burnOfLimit({ origin }: CompiledLimit, burnOf: BurnOf | undefined): Promise<number | null> {
  return origin.from === "budget" && burnOf !== undefined ? burnOf(origin.budget) : Promise.resolve(null);
}

/** One limit as it stands. `reserved`: what running calls hold; `burn`: what its budget burns in an hour; null = not looked up. */
export function quotaLine(
  limit: CompiledLimit,
  state: CheckState,
  now: number,
  { reserved, burn }: { readonly reserved: number | null; readonly burn: number | null } = NOT_LOOKED_UP,
): QuotaLine {
  return {
    name: limit.name,
    layer: limit.layer,
    dimension: limit.dimension,
    algorithm: limit.rule.algorithm,
    limit: limit.rule.capacity,
    used: state.used,
    reserved,
    credit: state.credit,
    remaining: state.remaining,
    resetSeconds: Math.ceil(state.resetMs / 1000),
    resetAt: new Date(now + state.resetMs).toISOString(),
    ...forecastOf(state, now, burn),
    observe: limit.observe,
    failureMode: limit.failureMode,
    match: limit.match,
    origin: limit.origin,
  };
}
