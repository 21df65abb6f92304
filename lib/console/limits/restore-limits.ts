import type { Database } from "@/db/client";
import { familiesSince, type LedgerCut, type LedgerSum, ledgerSums } from "@/db/queries/books/ledger-sums";
import type { Admission, KnownCount } from "@/lib/admission/admission";
import { addressDigest, namedDigests, tagFacts } from "@/lib/admission/digest";
import { isProvable } from "@/lib/admission/fallback/shares";
import { DAY_MS } from "@/lib/clock";
import type { Amounts } from "@/lib/limits/rules/dimensions";
import type { CallFacts, Layer } from "@/lib/limits/rules/layers";
import { asPriority, USUAL_PRIORITY } from "@/lib/limits/rules/priority";
import { storedTags } from "@/lib/limits/rules/tags";
import { calendarBounds } from "@/lib/policy/calendar";
import { appliedLimits } from "@/lib/policy/compile";
import type { CompiledLimit } from "@/lib/policy/policy";
import type { Snapshot } from "@/lib/policy/snapshot/snapshot";

/** Subjects of one sum; those with the lowest usage are left out. */
const SUMS_MAX = 200_000;
/** The longest window of a limit, plus one day for time zones. */
const FAMILY_DAYS = 368;
/** Above this number of tenants all are summed, because a list of names costs more than it saves. */
const NAMED_TENANTS_MAX = 500;

/** Facts of a call that a layer and a narrowed limit need to find the counter. */
const CUT_OF_LAYER: Readonly<Record<Layer, readonly LedgerCut[]>> = {
  global: [],
  provider: ["provider"],
  model: ["model"],
  ip: ["address"],
  tenant: [],
  user: ["user"],
  key: [],
  endpoint: ["endpoint"],
  feature: ["feature"],
  session: ["session"],
  agent: ["agent"],
  tag: ["tags"],
};

type Source = { readonly snapshot: Snapshot; readonly digestSecret: string; readonly now: number };

/**
 * Raises the counters of all windows, rolling and calendar, in every dimension, to the usage in the ledger. For a store
 * that lost its counters. Budgets have their own sums (`restoreBudgets`). Buckets and running calls are not in the
 * ledger. Calls that ended after `endedBefore` are left out, null = none is. One query per window and layer.
 */
export async function restoreLimits(
  input: Source & { db: Database; admission: Pick<Admission, "raise">; endedBefore: number | null },
): Promise<void> {
  const { db, admission, now, endedBefore } = input;
  const counts = new Map<string, KnownCount>();
  const families = await familiesSince(db, new Date(now - FAMILY_DAYS * DAY_MS));
  for (const question of questionsOf(input, families)) {
    const { from, to, cuts, isEarlier } = question;
    const tenantIds = question.tenants.size > NAMED_TENANTS_MAX ? null : [...question.tenants];
    const range = {
      from: new Date(from),
      to: new Date(to),
      endedBefore: endedBefore === null ? null : new Date(endedBefore),
    };
    for (const sum of await ledgerSums(db, { ...range, cuts, tenantIds, most: SUMS_MAX })) {
      for (const { limit, amount } of countedBy(input, question, sum)) {
        const known = counts.get(limit.counter) ?? { limit, used: 0, usedBefore: 0 };
        const added = isEarlier
          ? { ...known, usedBefore: known.usedBefore + amount }
          : { ...known, used: known.used + amount };
        counts.set(limit.counter, added);
      }
    }
  }
  await admission.raise([...counts.values()]);
}

/** One sum over the ledger, for every limit that counts in this window and is found by these facts of a call. */
type Question = {
  readonly from: number;
  readonly to: number;
  readonly cuts: readonly LedgerCut[];
  /** the window before the current one */
  readonly isEarlier: boolean;
  readonly tenants: Set<string>;
};

function questionsOf(
  { snapshot, now }: Source,
  families: readonly { tenantId: string; keyFamilyId: string }[],
): Question[] {
  const questions = new Map<string, Question>();
  const known = families.filter(({ tenantId }) => snapshot.tenants.has(tenantId));
  for (const { tenantId, keyFamilyId } of known) {
    for (const limit of limitsOf(snapshot, tenantId, keyFamilyId)) {
      const cuts = cutsOf(limit);
      for (const window of windowsOf(limit, now)) {
        const id = `${window.from} ${window.to} ${cuts.join()}`;
        const question = questions.get(id) ?? { ...window, cuts, tenants: new Set() };
        question.tenants.add(tenantId);
        questions.set(id, question);
      }
    }
  }
  return [...questions.values()];
}

/** The limits that a question is for. */
function answeredBy(
  { from, to, cuts }: Question,
  limits: readonly CompiledLimit[],
  now: number,
): readonly CompiledLimit[] {
  return limits.filter(
    (limit) =>
      cutsOf(limit).join() === cuts.join() &&
      windowsOf(limit, now).some((window) => window.from === from && window.to === to),
  );
}

/** The limits of a caller to restore. Limits that do not compile are skipped, and calls under them are refused. */
function limitsOf(snapshot: Snapshot, tenantId: string, keyFamilyId: string): readonly CompiledLimit[] {
  const compiled = snapshot.policyOf(tenantId, keyFamilyId);
  return compiled.kind === "policy" ? compiled.policy.limits.filter(isRestored) : [];
}

function isRestored(limit: CompiledLimit): boolean {
  return limit.origin.from !== "budget" && isProvable(limit);
}

function cutsOf({ layer, match }: CompiledLimit): LedgerCut[] {
  const narrowed = (["model", "provider", "endpoint", "priority"] as const).filter((name) => match[name] !== undefined);
  // A provider's name is found by the model that was served.
  const cuts = narrowed.map((name) => (name === "provider" ? "model" : name));
  return [...new Set<LedgerCut>([...CUT_OF_LAYER[layer], ...cuts])].sort();
}

/** The window of a limit at `now` and, where it still counts, the one before; epoch ms. */
function windowsOf({ calendar, rule }: CompiledLimit, now: number): { from: number; to: number; isEarlier: boolean }[] {
  if (calendar !== null) {
    const { startMs, endMs } = calendarBounds(calendar.period, calendar.zone, now);
    return [{ from: startMs, to: endMs, isEarlier: false }];
  }
  const from = Math.floor(now / rule.periodMs) * rule.periodMs;
  const current = { from, to: from + rule.periodMs, isEarlier: false };
  if (rule.algorithm !== "sliding_window") return [current];
  return [current, { from: from - rule.periodMs, to: from, isEarlier: true }];
}

/** The counters that one sum is part of, and how much of each dimension. */
function countedBy(source: Source, question: Question, sum: LedgerSum) {
  const { snapshot, digestSecret, now } = source;
  const { tenantId, keyFamilyId, address } = sum;
  const tenant = snapshot.tenants.get(tenantId);
  if (tenant === undefined) return [];
  const model = snapshot.models.get(sum.model);
  const facts: CallFacts = {
    tenantId,
    tierId: tenant.tierId,
    keyFamilyId,
    endpoint: sum.endpoint,
    userDigest: sum.user === "" ? null : sum.user,
    ...namedDigests(digestSecret, tenantId, {
      feature: sum.feature || null,
      session: sum.session || null,
      agent: sum.agent || null,
    }),
    tags: tagFacts(digestSecret, tenantId, storedTags(sum.tags)),
    addressDigest: addressDigest(digestSecret, address),
    modelId: model?.id ?? sum.model,
    providerId: sum.provider,
  };
  const priority = asPriority(sum.priority) ?? USUAL_PRIORITY;
  const called = { model: sum.model, provider: model?.provider.slug ?? "", priority };
  const amounts = amountsOf(sum);
  const limits = answeredBy(question, limitsOf(snapshot, tenantId, keyFamilyId), now);
  const policy = { version: snapshot.version, limits, validUntilMs: null };
  return appliedLimits(policy, facts, called, now).map((limit) => ({ limit, amount: amounts[limit.dimension] }));
}

function amountsOf({ calls, inputTokens, outputTokens, costMicroUsd }: LedgerSum): Amounts {
  return {
    requests: calls,
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    cost_micro_usd: costMicroUsd,
    concurrency: 0,
  };
}
