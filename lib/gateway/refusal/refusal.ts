import type { AdmitReply } from "@/lib/admission/admission";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "@/lib/clock";
import type { ErrorCode } from "@/lib/errors";
import { bindingOf, type CheckState, failing, slowestOf } from "@/lib/limits/decide";
import { DIMENSION_WORDS, type Dimension } from "@/lib/limits/rules/dimensions";
import { isOverAllTenants } from "@/lib/limits/rules/layers";
import type { Priority } from "@/lib/limits/rules/priority";
import { NEVER } from "@/lib/limits/slot";
import { exactDollars } from "@/lib/money/exact-dollars";
import type { Brake } from "@/lib/policy/rows/brake-row";
import type { Press } from "@/lib/scarcity/shedding/pressure";

/** A refusal in words and numbers, independent of the dialect. */
export type Refusal = {
  readonly code: ErrorCode;
  /** OpenAI's `type`; absent = the default of the code */
  readonly type?: string;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, unknown>>;
  /** The limit or brake that refused, for the counts. */
  readonly layer: string;
  readonly dimension: string;
  readonly limitName: string;
};

type Denied = Extract<AdmitReply, { kind: "deny" }>;
type NameOf = (state: CheckState) => string;

/** SDKs do not handle longer waits well: some ignore them and retry immediately, others sleep for the whole time. */
const LONG_WAIT_MS = 60_000;
const JITTER_SHARE = 0.2;
const JITTER_MAX_MS = 5000;

/**
 * The answer to a denial. The wording is part of the contract, because clients classify by it: waits under a minute say
 * "try again in", budgets say "quota" and when it resets, and neither uses the other's words. `random` gives 0..1 for
 * the jitter, which only adds to the wait. `retry_after_seconds` and `reset_at` are exact.
 */
export function refusalOf(denied: Denied, random: () => number, nameOf: NameOf): Refusal {
  const binding = bindingOf(denied.states);
  if (binding === null) throw new Error("a denial has a check that denied");
  const { check } = binding;
  const name = nameOf(binding);
  // Members are written one by one, because a copy would cost microseconds per refusal.
  const { layer, dimension } = check;
  const limitName = name;
  if (check.isPart === true) return { layer, dimension, limitName, ...outOfRoom(denied, random) };
  const used = usedSentence(binding);
  if (denied.retryAfterMs === NEVER) {
    const most = `${amount(check.dimension, check.rule.capacity)} at most`;
    const message =
      check.rule.capacity === 0
        ? `The limit "${name}" (${check.layer}) is 0. No call is admitted while it is 0.`
        : `This call needs ${amount(check.dimension, check.cost)}, and the limit "${name}" (${check.layer}) allows ${isOverAllTenants(check) ? "less" : most}: it can never fit.${adviceOn(check.dimension)}`;
    const headers = { "x-should-retry": "false" };
    const fields = numbers(denied, binding, nameOf);
    return { layer, dimension, limitName, code: "request_exceeds_limit", message, headers, fields };
  }
  const fields = Object.assign(numbers(denied, binding, nameOf), waitedFor(denied, binding, nameOf), {
    retry_after_seconds: denied.retryAfterMs / 1000,
    reset_at: new Date(denied.now + denied.retryAfterMs).toISOString(),
  });
  const isBudget = check.rule.algorithm === "calendar_window" && check.dimension !== "requests";
  if (isBudget) {
    const message = `You exceeded your quota "${name}" (${check.layer}): ${used} It will reset at ${new Date(denied.now + binding.waitMs).toISOString()}.${behind(denied, binding, nameOf)}`;
    const headers = finalHeaders(denied.retryAfterMs);
    return { layer, dimension, limitName, code: "insufficient_quota", message, headers, fields };
  }
  const seconds = wholeSeconds(denied.toldMs);
  const message = `${DIMENSION_WORDS[check.dimension].title} exceeded. ${used} This call needs ${amount(check.dimension, check.cost)}. Please try again in ${seconds}s. Limit: "${name}" (${check.layer}).${behind(denied, binding, nameOf)}${early(denied)}`;
  const headers = denied.toldMs < LONG_WAIT_MS ? shortHeaders(denied.toldMs, random) : finalHeaders(denied.toldMs);
  const type = typeOf(binding);
  return { layer, dimension, limitName, code: "rate_limit_exceeded", type, message, headers, fields };
}

/** A caller can make its tokens and its cost smaller, but not its cost class. */
function adviceOn(dimension: Dimension): string {
  return dimension === "requests" || dimension === "concurrency" ? "" : " Request fewer tokens.";
}

/** The answer when the provider has no capacity left for this class of calls. It is not a limit of the caller. */
function outOfRoom(denied: Denied, random: () => number): Pick<Refusal, "code" | "message" | "headers" | "fields"> {
  const { retryAfterMs, toldMs, now } = denied;
  return {
    code: "upstream_rate_limited",
    message: `The provider has reached its limit for calls of this priority. Please try again in ${wholeSeconds(toldMs)}s.`,
    headers: toldMs < LONG_WAIT_MS ? shortHeaders(toldMs, random) : finalHeaders(toldMs),
    fields: { retry_after_seconds: retryAfterMs / 1000, reset_at: new Date(now + retryAfterMs).toISOString() },
  };
}

/**
 * The answer to a call that is shed for more urgent calls. Its wait is longer than a limit's and spread, so shed calls
 * return after the pressure has gone and not all in the same second.
 */
export function shedRefusal(priority: Priority, press: Press, random: () => number): Refusal {
  const waitMs = SHED_RETRY_MS + Math.floor(random() * SHED_JITTER_MS);
  const seconds = wholeSeconds(waitMs);
  return {
    code: "call_shed",
    message: `Calls of priority ${priority} are shed at the moment, because the gateway is overloaded (${press}). More urgent calls are served. Please try again in ${seconds}s.`,
    headers: { "retry-after": String(seconds), "retry-after-ms": String(waitMs), "x-should-retry": "true" },
    fields: { priority, reason: press, retry_after_seconds: waitMs / 1000 },
    layer: "",
    dimension: "",
    limitName: priority,
  };
}

const SHED_RETRY_MS = 15_000;
const SHED_JITTER_MS = 15_000;

/** The answer to a braked call. The wait is under a minute, because some SDKs ignore longer waits. */
export function brakeRefusal(
  brake: Pick<Brake, "id" | "reason" | "publicMessage" | "expiresAtMs">,
  now: number,
  random: () => number,
): Refusal {
  const until =
    brake.expiresAtMs === null ? "until it is lifted" : `until ${new Date(brake.expiresAtMs).toISOString()}`;
  const leftMs = brake.expiresAtMs === null ? Number.POSITIVE_INFINITY : brake.expiresAtMs - now;
  const seconds = Math.max(
    1,
    Math.ceil(Math.min(leftMs / 1000, BRAKE_RETRY_SECONDS + random() * BRAKE_JITTER_SECONDS)),
  );
  const note = brake.publicMessage ?? brake.reason;
  return {
    code: "kill_switch_active",
    message: `Calls are stopped by the operator ${until}: ${note}`,
    headers: { "retry-after": String(seconds), "x-should-retry": "false", "x-kill-switch-id": brake.id },
    fields: { brake_id: brake.id, reason: note, retry_after_seconds: seconds },
    layer: "",
    dimension: "",
    // Refusals are counted under the brake's id, so operators see the effect of a brake.
    limitName: brake.id,
  };
}

const BRAKE_RETRY_SECONDS = 30;
const BRAKE_JITTER_SECONDS = 15;

function shortHeaders(waitMs: number, random: () => number): Record<string, string> {
  const jitter = Math.floor(random() * Math.min(waitMs * JITTER_SHARE, JITTER_MAX_MS));
  return {
    "retry-after": String(wholeSeconds(waitMs)),
    "retry-after-ms": String(waitMs + jitter),
    "x-should-retry": "true",
  };
}

function finalHeaders(waitMs: number): Record<string, string> {
  return { "retry-after": String(wholeSeconds(waitMs)), "x-should-retry": "false" };
}

function wholeSeconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}

function typeOf(binding: CheckState): string {
  const { dimension } = binding.check;
  if (dimension === "requests") return "requests";
  return dimension === "concurrency" ? "concurrent_requests" : "tokens";
}

function numbers(denied: Denied, binding: CheckState, nameOf: NameOf): Record<string, unknown> {
  const { limit_name, layer, dimension, limit, remaining, used, asked } = violation(binding, nameOf);
  const failed = failing(denied.states);
  return {
    layer,
    dimension,
    limit,
    remaining,
    used,
    asked,
    limit_name,
    violated_policies: failed.map((state) => `${state.check.layer}.${state.check.dimension}`),
    violations: failed.map((state) => violation(state, nameOf)),
  };
}

/** One limit that refuses the call, with the wait until this limit alone would admit it; null = never. */
function violation(state: CheckState, nameOf: NameOf) {
  const { layer, dimension, rule, cost } = state.check;
  const isShared = isOverAllTenants(state.check);
  return {
    limit_name: nameOf(state),
    layer,
    dimension,
    // What all tenants share has no numbers for one of them. Undefined is not sent.
    limit: isShared ? undefined : rule.capacity,
    remaining: isShared ? undefined : state.remaining,
    used: isShared ? undefined : state.used,
    asked: cost,
    retry_after_seconds: state.waitMs === NEVER ? null : state.waitMs / 1000,
  };
}

/** The limit that causes the wait, if it is not the first that refuses. */
function slower({ states }: Denied, binding: CheckState): CheckState | null {
  const slowest = slowestOf(states);
  return slowest === null || slowest.waitMs === binding.waitMs ? null : slowest;
}

function waitedFor(denied: Denied, binding: CheckState, nameOf: NameOf): Record<string, unknown> {
  return {
    waits_for: nameOf(slower(denied, binding) ?? binding),
    ...(denied.toldMs > denied.retryAfterMs
      ? { early_return_seconds: (denied.toldMs - denied.retryAfterMs) / 1000 }
      : {}),
  };
}

function behind(denied: Denied, binding: CheckState, nameOf: NameOf): string {
  const other = slower(denied, binding);
  if (other === null) return "";
  return ` The wait comes from the limit "${nameOf(other)}" (${other.check.layer}): ${wholeSeconds(other.waitMs)}s.`;
}

/** The sentence for a caller that keeps retrying early: the reason for the longer wait, and the exact wait. */
function early({ toldMs, retryAfterMs }: Denied): string {
  if (toldMs <= retryAfterMs) return "";
  return ` This wait is longer because calls came back early; the limits have room in ${wholeSeconds(retryAfterMs)}s.`;
}

/** "95,000 of 100,000 tokens used this minute." */
function usedSentence(state: CheckState): string {
  const { dimension, rule } = state.check;
  if (isOverAllTenants(state.check)) return "It is shared by all tenants, who have used it up.";
  if (dimension === "concurrency") return `${state.used} of ${rule.capacity} concurrent calls are running.`;
  // However little is in it: "1 of 5 used" would not say why there is no room.
  if (rule.algorithm === "leaky_bucket")
    return `Still draining: ${amount(dimension, state.used)}. The next call passes when nothing is left.`;
  const span = spanWords(state);
  if (dimension === "cost_micro_usd")
    return `${exactDollars(state.used)} of ${exactDollars(rule.capacity)} used${span}.`;
  return `${count(Math.ceil(state.used))} of ${count(rule.capacity)} ${DIMENSION_WORDS[dimension].noun} used${span}.`;
}

function spanWords(state: CheckState): string {
  const { rule } = state.check;
  if (rule.bounds !== null) {
    const days = (rule.bounds.endMs - rule.bounds.startMs) / DAY_MS;
    return days < 1.5 ? " today" : days < 8 ? " this week" : " this month";
  }
  const known: Readonly<Record<number, string>> = {
    [SECOND_MS]: " this second",
    [MINUTE_MS]: " this minute",
    [HOUR_MS]: " this hour",
    [DAY_MS]: " in 24 hours",
  };
  return rule.refill === rule.capacity ? (known[rule.periodMs] ?? "") : "";
}

function amount(dimension: keyof typeof DIMENSION_WORDS, units: number): string {
  if (dimension === "cost_micro_usd") return exactDollars(units);
  if (dimension === "requests" && units === 1) return "1 request";
  return dimension === "concurrency" ? `${units} slot` : `${count(units)} ${DIMENSION_WORDS[dimension].noun}`;
}

function count(units: number): string {
  return units.toLocaleString("en-US");
}
