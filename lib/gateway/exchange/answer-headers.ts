import type { AdmitReply } from "@/lib/admission/admission";
import { PublicError } from "@/lib/errors";
import type { Books } from "@/lib/ledger/books";
import { afterAdmission } from "@/lib/limits/after";
import type { CheckState } from "@/lib/limits/decide";
import type { Dimension } from "@/lib/limits/rules/dimensions";
import { isOverAllTenants } from "@/lib/limits/rules/layers";
import type { Rule } from "@/lib/limits/rules/rule";
import type { Policy } from "@/lib/policy/policy";
import type { CurrentPolicy } from "@/lib/policy/snapshot/current-policy";
import type { Call } from "@/lib/wire/call";
import { dialectOfEndpoint } from "@/lib/wire/dialect";
import { anthropicRateHeaders, type HeaderLimit, rateHeaders } from "@/lib/wire/rate-headers";
import type { Attempt } from "../attempt/attempt";
import type { Candidate } from "../attempt/candidates";
import { brakeRefusal, type Refusal, refusalOf, shedRefusal } from "../refusal/refusal";
import { refusedCall, type ShedDecision } from "../refusal/refused-call";
import { putHeaders } from "./exchange";

type Refused = Exclude<AdmitReply, { kind: "admit" } | { kind: "stale" }> | ShedDecision;

/** An error that carries its rate headers to the rim. */
export class LimitedError extends PublicError {
  readonly rateHeaders: Readonly<Record<string, string>>;

  constructor(error: PublicError, headers: Readonly<Record<string, string>>) {
    const { code, message, param, retryAfterSeconds, details, passed } = error;
    super(code, message, {
      details,
      cause: error,
      ...(param === null ? {} : { param }),
      ...(retryAfterSeconds === null ? {} : { retryAfterSeconds }),
      ...(passed === null ? {} : { passed }),
    });
    this.rateHeaders = headers;
  }
}

/** A refusal by a limit or a brake. */
export class RefusalError extends LimitedError {
  readonly refusal: Refusal;

  constructor(refusal: Refusal, headers: Readonly<Record<string, string>>) {
    super(new PublicError(refusal.code, refusal.message, { details: refusal.fields }), headers);
    this.refusal = refusal;
  }
}

/** The current limits, for an answer that uses none of them. */
export function toldHeaders(input: {
  policy: Policy;
  states: readonly CheckState[];
  now: number;
  isAnthropic: boolean;
}): Record<string, string> {
  const { policy, states, now, isAnthropic } = input;
  const limits = enforced(states).map((state) => headerLimit(nameIn(policy, state), state, state));
  return headersFor(isAnthropic, limits, now);
}

/**
 * Headers of an admitted call, streamed or not: remaining limits, the serving model, and what was requested instead.
 */
export function admittedHeaders(input: {
  decision: Extract<AdmitReply, { kind: "admit" }>;
  policy: Policy;
  candidate: Candidate;
  call: Call;
}): Record<string, string> {
  const { decision, policy, candidate, call } = input;
  const limits = enforced(decision.states).map((state) =>
    headerLimit(nameIn(policy, state), state, afterAdmission(state, decision.now)),
  );
  const headers = headersFor(isAnthropicCall(call), limits, decision.now);
  headers["x-spillway-served-model"] = candidate.model.slug;
  putCandidate(headers, candidate);
  if (candidate.degradation !== null) headers["x-spillway-degraded"] = degraded(candidate, candidate.degradation, call);
  if (candidate.dropped.length > 0) headers["x-spillway-dropped"] = dropped(candidate);
  headers["x-spillway-limit-mode"] = limitMode(decision);
  return headers;
}

function isAnthropicCall({ endpoint }: Call): boolean {
  return dialectOfEndpoint(endpoint) === "anthropic";
}

function headersFor(isAnthropic: boolean, limits: readonly HeaderLimit[], now: number): Record<string, string> {
  const headers = rateHeaders(limits, now);
  if (isAnthropic) putHeaders(headers, anthropicRateHeaders(limits, now));
  return headers;
}

/** The call's priority, its cost class, and the number of number of requests that it counts as. */
function putCandidate(headers: Record<string, string>, { subject, costClass, tokens }: Candidate): void {
  headers["x-spillway-priority"] = subject.priority;
  if (costClass !== null) headers["x-spillway-cost-class"] = `${costClass}; requests=${tokens.permits}`;
}

const DROPPED_MAX = 32;

/** Members that a translation dropped. A name that does not fit into a header becomes `?`. */
function dropped({ dropped: lost }: Candidate): string {
  const names = lost.slice(0, DROPPED_MAX).map((name) => (/^[\w.[\]-]{1,128}$/.test(name) ? name : "?"));
  return [...new Set(names)].join(", ");
}

function degraded(candidate: Candidate, degradation: NonNullable<Candidate["degradation"]>, call: Call): string {
  const { askedOutputTokensEach, outputTokensEach } = candidate;
  const model = degradation !== "trimmed" ? [`asked-model=${JSON.stringify(call.model)}`] : [];
  const asked = `asked-max-tokens=${call.maxOutputTokens ?? "default"}`;
  const tokens = outputTokensEach < askedOutputTokensEach ? [asked, `served-max-tokens=${outputTokensEach}`] : [];
  return [degradation, ...model, ...tokens].join("; ");
}

/** Whether the shared store decided, or this process alone on its share while the store is away. */
function limitMode({ isLocal }: { readonly isLocal?: true }): "local" | "shared" {
  return isLocal === true ? "local" : "shared";
}

type RefuseTools = {
  readonly books: Pick<Books, "refuse">;
  readonly policy: Pick<CurrentPolicy, "snapshot">;
  /** 0 to 1; jitter only */
  readonly random: () => number;
};

/** The error for a decision that did not admit. Also books the refusal. */
export function refuse(
  tools: RefuseTools,
  attempt: Attempt,
  input: {
    readonly decision: Refused;
    readonly candidates: readonly [Candidate, ...Candidate[]];
    /** the words about its wait */
    readonly waited: Readonly<Record<string, string>>;
  },
): PublicError {
  const { decision, candidates } = input;
  const { policy, principal, call } = attempt;
  if (decision.kind === "finished") {
    return new PublicError("conflict", "A call with this request id has already been served.");
  }
  const refusal = refusalFor(tools, decision, attempt, candidates[0]);
  const states = decision.kind === "deny" ? decision.states : [];
  const headers = toldHeaders({ policy, states, now: decision.now, isAnthropic: isAnthropicCall(call) });
  putHeaders(headers, input.waited);
  putCandidate(headers, candidates[0]);
  if (decision.kind === "deny") headers["x-spillway-limit-mode"] = limitMode(decision);
  const { code, layer, dimension, limitName } = refusal;
  const nameOf = (state: CheckState) => nameIn(policy, state);
  const callOf = () => refusedCall(attempt, { candidates, decision, refusal, nameOf });
  const { user } = candidates[0].subject;
  tools.books.refuse({ tenantId: principal.tenant.id, code, layer, dimension, limitName }, callOf, user);
  return new RefusalError(refusal, headers);
}

function refusalFor(
  tools: RefuseTools,
  decision: Exclude<Refused, { kind: "finished" }>,
  { policy }: Attempt,
  { subject }: Candidate,
): Refusal {
  switch (decision.kind) {
    case "shed":
      return shedRefusal(subject.priority, decision.by, tools.random);
    case "braked":
      return braked(tools, decision);
    case "deny":
      return refusalOf(decision, tools.random, (state) => nameIn(policy, state));
    default:
      return decision satisfies never;
  }
}

function braked(tools: RefuseTools, decision: Extract<Refused, { kind: "braked" }>): Refusal {
  const brake = tools.policy.snapshot.brakes.find((one) => one.id === decision.brakeId);
  const unknown = { id: decision.brakeId, reason: "stopped by the operator", publicMessage: null, expiresAtMs: null };
  return brakeRefusal(brake ?? unknown, decision.now, tools.random);
}

function enforced(states: readonly CheckState[]): readonly CheckState[] {
  // A provider's limit is not a limit of the caller, and what all tenants share tells of the others.
  return states.filter(({ check }) => !check.observe && check.isPart !== true && !isOverAllTenants(check));
}

function nameIn(policy: Policy, state: CheckState): string {
  const { limitId } = state.check;
  const names = NAMES.get(policy) ?? new Map(policy.limits.map((limit) => [limit.limitId, limit.name]));
  NAMES.set(policy, names);
  return names.get(limitId) ?? limitId;
}

const NAMES = new WeakMap<Policy, ReadonlyMap<string, string>>();

/** One admitted or denied check, as the headers show it. */
function headerLimit(name: string, state: CheckState, left: { remaining: number; resetMs: number }): HeaderLimit {
  const { dimension, rule } = state.check;
  const { remaining, resetMs } = left;
  const { capacity } = rule;
  const side = dimension === "input_tokens" || dimension === "output_tokens" ? dimension : undefined;
  return { name, kind: KINDS[dimension], side, capacity, remaining, resetMs, windowSeconds: windowSecondsOf(rule) };
}

const KINDS: Readonly<Record<Dimension, HeaderLimit["kind"]>> = {
  requests: "requests",
  input_tokens: "tokens",
  output_tokens: "tokens",
  total_tokens: "tokens",
  cost_micro_usd: "money",
  concurrency: "concurrent-requests",
};

/**
 * Whole seconds in which a limit gives its capacity once. For a bucket: the time to refill it completely. For a window:
 * its length. Null for concurrency.
 */
function windowSecondsOf({ algorithm, bounds, capacity, refill, periodMs }: Rule): number | null {
  if (algorithm === "concurrency") return null;
  const isBucket = algorithm === "token_bucket" || algorithm === "leaky_bucket";
  const fullMs = isBucket && capacity > 0 ? (capacity * periodMs) / refill : periodMs;
  const windowMs = bounds === null ? fullMs : bounds.endMs - bounds.startMs;
  return Math.max(1, Math.ceil(windowMs / 1000));
}
