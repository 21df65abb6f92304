import { PAST, type PastRow } from "@/db/queries/books/past-rows";
import { digest } from "@/lib/admission/digest";
import { heldAmounts, isCounting } from "@/lib/limits/cost";
import type { AppliedLimit } from "@/lib/limits/plan";
import type { Past } from "@/lib/limits/replay/replay";
import { type Layer, NO_TAGS, type TagFacts } from "@/lib/limits/rules/layers";
import { asPriority, USUAL_PRIORITY } from "@/lib/limits/rules/priority";
import { storedTags } from "@/lib/limits/rules/tags";
import { appliedLimits } from "@/lib/policy/compile";
import type { Policy } from "@/lib/policy/policy";
import type { ConsoleContext } from "../kernel/context";

export type PolicyOf = (tenantId: string, keyFamilyId: string) => Policy;

type Known = Pick<ConsoleContext, "digestSecret"> & {
  readonly policy: { readonly snapshot: Pick<ConsoleContext["policy"]["snapshot"], "models"> };
};

/** A key with its limits. Calls that no limit of them tells apart share their list until a calendar period ends. */
type Caller = {
  readonly policy: Policy;
  readonly layers: ReadonlySet<Layer>;
  readonly shared: Map<string, { readonly limits: readonly AppliedLimit[]; readonly untilMs: number }>;
};

/** Ledger rows for the replay: when a call ran, under which limits, what it reserved and used. */
export class PastCalls implements Past {
  readonly #rows: readonly PastRow[];
  readonly #snapshot: Known["policy"]["snapshot"];
  readonly #policyOf: PolicyOf;
  readonly #digestOf: (kind: "feature" | "session" | "agent" | "tag" | "ip", tenantId: string, name: string) => string;
  readonly #providers: ReadonlyMap<string, string>;
  readonly #limitNames = new Map<string, string>();
  /** By tenant, then by key. */
  readonly #callers = new Map<string, Map<string, Caller>>();
  #sharedCount = 0;

  constructor(context: Known, rows: readonly PastRow[], policyOf: PolicyOf) {
    this.#rows = rows;
    this.#snapshot = context.policy.snapshot;
    this.#providers = new Map([...this.#snapshot.models.values()].map(({ provider }) => [provider.id, provider.slug]));
    this.#policyOf = policyOf;
    this.#digestOf = remembered(
      (kind: "feature" | "session" | "agent" | "tag" | "ip", tenantId: string, name: string) =>
        digest(context.digestSecret, kind, tenantId, name),
    );
  }

  get count(): number {
    return this.#rows.length;
  }

  beganAt(index: number): number {
    return this.#row(index)[PAST.beganAt];
  }

  endedAt(index: number): number {
    return this.#row(index)[PAST.endedAt];
  }

  limitsOf(index: number): readonly AppliedLimit[] {
    const row = this.#row(index);
    const at = row[PAST.beganAt];
    const caller = this.#callerOf(row[PAST.tenantId], row[PAST.keyFamilyId]);
    const id = sharedId(row, caller.layers);
    const known = caller.shared.get(id);
    if (known !== undefined && at < known.untilMs) return known.limits;
    const limits = this.#appliedTo(row, caller.policy);
    const untilMs = Math.min(...limits.map(({ rule }) => rule.bounds?.endMs ?? Number.POSITIVE_INFINITY));
    this.#makeRoom();
    caller.shared.set(id, { limits, untilMs });
    return limits;
  }

  reservedBy(index: number) {
    const row = this.#row(index);
    const takesNone = isCounting(row[PAST.endpoint]);
    const tokens = {
      inputTokens: takesNone ? 0 : row[PAST.reservedInput],
      outputTokens: takesNone ? 0 : row[PAST.reservedOutput],
    };
    const price = { input: row[PAST.inputPrice], output: row[PAST.outputPrice], fees: row[PAST.heldFees] };
    return heldAmounts(row[PAST.endpoint], { ...tokens, permits: row[PAST.permits] }, price);
  }

  usedBy(index: number) {
    const row = this.#row(index);
    return {
      requests: row[PAST.permits],
      input_tokens: row[PAST.input],
      output_tokens: row[PAST.output],
      total_tokens: row[PAST.input] + row[PAST.output],
      cost_micro_usd: row[PAST.costMicroUsd],
      concurrency: 1,
    };
  }

  nameOf(limitId: string): string {
    return this.#limitNames.get(limitId) ?? limitId;
  }

  #row(index: number): PastRow {
    const found = this.#rows[index];
    if (found === undefined) throw new Error("a call that is not there");
    return found;
  }

  #named(kind: "feature" | "session" | "agent", tenantId: string, name: string | null): string | null {
    return name === null ? null : this.#digestOf(kind, tenantId, name);
  }

  #tagsOf(tenantId: string, text: string | null): TagFacts {
    const tags = storedTags(text);
    if (tags.length === 0) return NO_TAGS;
    const facts = tags.map(
      ({ name, text }) => [name, { text, digest: this.#digestOf("tag", tenantId, text) }] as const,
    );
    return new Map(facts);
  }

  #callerOf(tenantId: string, keyFamilyId: string): Caller {
    const keys = this.#callers.get(tenantId) ?? new Map<string, Caller>();
    const known = keys.get(keyFamilyId);
    if (known !== undefined) return known;
    const policy = this.#policyOf(tenantId, keyFamilyId);
    for (const limit of policy.limits) this.#limitNames.set(limit.limitId, limit.name);
    const caller = { policy, layers: new Set(policy.limits.map(({ layer }) => layer)), shared: new Map() };
    this.#callers.set(tenantId, keys.set(keyFamilyId, caller));
    return caller;
  }

  #makeRoom(): void {
    this.#sharedCount += 1;
    if (this.#sharedCount <= SHARED_MAX) return;
    this.#sharedCount = 1;
    for (const keys of this.#callers.values()) for (const { shared } of keys.values()) shared.clear();
  }

  #appliedTo(row: PastRow, policy: Policy): readonly AppliedLimit[] {
    const [tenantId, keyFamilyId] = [row[PAST.tenantId], row[PAST.keyFamilyId]];
    const [model, providerId] = [row[PAST.model], row[PAST.providerId]];
    const facts = {
      tenantId,
      keyFamilyId,
      userDigest: row[PAST.userDigest],
      endpoint: row[PAST.endpoint],
      providerId,
      tierId: "",
      featureDigest: this.#named("feature", tenantId, row[PAST.feature]),
      sessionDigest: this.#named("session", tenantId, row[PAST.session]),
      agentDigest: this.#named("agent", tenantId, row[PAST.agent]),
      tags: this.#tagsOf(tenantId, row[PAST.tags]),
      addressDigest: this.#digestOf("ip", "", row[PAST.clientAddress]),
      modelId: this.#snapshot.models.get(model)?.id ?? model,
    };
    const priority = asPriority(row[PAST.priority]) ?? USUAL_PRIORITY;
    const called = { model, provider: this.#providers.get(providerId) ?? "", priority };
    return appliedLimits(policy, facts, called, row[PAST.beganAt]);
  }
}

/** With an address in the id of every call, a million calls would have a million lists of limits. */
function sharedId(row: PastRow, layers: ReadonlySet<Layer>): string {
  let id = `${row[PAST.endpoint]} ${row[PAST.model]} ${row[PAST.priority]}`;
  for (const [layer, place] of TELLING) if (layers.has(layer)) id += ` ${row[place]}`;
  return id;
}

/** Facts that only limits of their own layer look at. */
const TELLING = [
  ["user", PAST.userDigest],
  ["feature", PAST.feature],
  ["session", PAST.session],
  ["agent", PAST.agent],
  ["tag", PAST.tags],
  ["ip", PAST.clientAddress],
] as const;
const SHARED_MAX = 20_000;

/** The function with its results cached by its arguments. */
function remembered<Names extends readonly string[], Value>(work: (...names: Names) => Value) {
  const results = new Map<string, Value>();
  return (...names: Names): Value => {
    const id = names.join("/");
    const known = results.get(id);
    if (known !== undefined) return known;
    const value = work(...names);
    results.set(id, value);
    return value;
  };
}
