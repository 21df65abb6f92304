import type { Admission, AdmitReply, AdmitRequest } from "@/lib/admission/admission";
import { type ErrorCode, PublicError, StoreUnavailable } from "@/lib/errors";
import type { Books } from "@/lib/ledger/books";
import type { Begun, Intent } from "@/lib/ledger/journal-line";
import type { Log } from "@/lib/log";
import type { Metrics } from "@/lib/metrics";
import type { Policy } from "@/lib/policy/policy";
import type { CurrentPolicy } from "@/lib/policy/snapshot/current-policy";
import type { Provider } from "@/lib/providers/catalog";
import type { Call } from "@/lib/wire/call";
import { clientName } from "@/lib/wire/client-name";
import { type Attempt, type AttemptTools, attemptOf, type Tried } from "../attempt/attempt";
import { type Candidate, candidatesOf, pressedOn, verdictOn } from "../attempt/candidates";
import { fitted, offered, wayOf } from "../attempt/fitted";
import { intentsOf } from "../attempt/intents";
import { noteObserved } from "../attempt/note-observed";
import { reachable } from "../attempt/reachable";
import type { KeyRing, Principal } from "../caller/principal";
import { refuse } from "../exchange/answer-headers";
import type { Exchange } from "../exchange/exchange";
import { giveBack } from "../running/give-back";
import type { Queue } from "../waiting/queue";
import { admitRequest } from "./admit-request";

export type AdmitTools = AttemptTools & {
  readonly admission: Pick<Admission, "admit" | "settle">;
  readonly policy: Pick<CurrentPolicy, "snapshot" | "news" | "refresh">;
  readonly keys: Pick<KeyRing, "current" | "isCurrent">;
  readonly books: Pick<Books, "came" | "observed" | "refuse">;
  readonly log: Log;
  readonly metrics: Pick<Metrics, "decided" | "observed" | "shed">;
  /** 0 to 1; jitter only */
  readonly random: () => number;
};

export type Asking = {
  readonly exchange: Exchange;
  readonly principal: Principal;
  readonly call: Call;
  readonly queue: Queue;
  /** Absent on the first try, which uses the exchange's id. */
  readonly again?: { readonly requestId: string; readonly tried: readonly Tried[] };
};

export type Admitted = {
  readonly candidate: Candidate;
  readonly policy: Policy;
  readonly intent: Intent;
  /** the intent as written for the store */
  readonly begun: Begun;
  readonly decision: Extract<AdmitReply, { kind: "admit" }>;
  /** Whether another provider or a fallback model could serve it too. */
  readonly hasOtherWay: boolean;
};

/** The policy may change between its read and the decision, so each try reads it again. */
const STALE_TRIES_MAX = 4;

/** Refusals of a name or right that this process may not have read yet. */
const FOR_LACK_OF_NEWS: readonly ErrorCode[] = [
  "model_not_found",
  "model_not_priced",
  "model_not_allowed",
  "endpoint_not_allowed",
  "endpoint_not_supported",
];

/**
 * One decision over all limits and all ways to serve a call, under the newest policy. Throws the refusal unless the
 * call is admitted. Reads the database again before it refuses a call for an unknown name or right.
 */
export async function admit(tools: AdmitTools, asking: Asking): Promise<Admitted> {
  try {
    return await admitByTries(tools, asking);
  } catch (error) {
    if (!(error instanceof PublicError && FOR_LACK_OF_NEWS.includes(error.code))) throw error;
    await tools.policy.news();
    return await admitByTries(tools, asking);
  }
}

/** Tries until there is a decision. A stale policy is read again. A call that may wait for capacity waits. */
async function admitByTries(tools: AdmitTools, asking: Asking): Promise<Admitted> {
  const { exchange, call, queue, again } = asking;
  const { requestId = exchange.requestId, tried: before = [] } = again ?? {};
  let { principal } = asking;
  for (let staleTries = 0; staleTries < STALE_TRIES_MAX; ) {
    // The caller may have changed since it was authenticated: a revoked key, a suspended tenant, another tier.
    principal = await tools.keys.current(exchange, principal);
    const { snapshot } = tools.policy;
    if (snapshot.version !== principal.policyVersion) {
      staleTries += 1;
      continue;
    }
    const attempt = attemptOf({ tools, exchange, principal, call, requestId, tried: before, snapshot });
    const tried = await tryOnce(tools, attempt, queue);
    if (tried.kind === "admitted") return tried.admitted;
    if (tried.kind === "waited") continue;
    staleTries += 1;
    if (tried.kind === "stale") {
      await tools.policy.refresh().catch((error: unknown) => {
        throw beingChanged(error);
      });
    }
  }
  throw beingChanged(null);
}

/**
 * How a try ended: `outdated` = before the store was asked, `stale` = the store has a newer policy, `waited` = for
 * capacity.
 */
type TriedOnce =
  | { readonly kind: "admitted"; readonly admitted: Admitted }
  | { readonly kind: "outdated" | "stale" | "waited" };

async function tryOnce(tools: AdmitTools, attempt: Attempt, queue: Queue): Promise<TriedOnce> {
  const { principal, exchange, call, policy } = attempt;
  const now = tools.clock.now();
  const wanted = candidatesOf(attempt);
  if (!queue.hasPlace) shed(tools, attempt, wanted[0]);
  await queue.oneAtATime(policy, wanted[0]);
  await queue.behindOthers(policy, wanted[0], now);
  const reach = await reachable(attempt, wanted);
  if (!tools.keys.isCurrent(principal)) {
    reach.taken(null);
    return { kind: "outdated" };
  }
  const [asked, ...others] = reach.ways;
  const sized = (candidate: Candidate) => wayOf(candidate, call, policy, now);
  const { decision, candidates, intents } = await fitted(
    [sized(asked), ...others.map(sized)],
    async ([one, ...more], isLast) => {
      const candidates = [offered(one, call), ...more.map((offer) => offered(offer, call))] as const;
      const intents = intentsOf(attempt, candidates);
      const asked = { intent: intents.text, hasWaited: queue.hasPlace, isProbe: !isLast };
      return { decision: await decided(tools, admitRequest(attempt, candidates, asked)), candidates, intents };
    },
  );
  reach.taken(decision.kind === "admit" ? (candidates[decision.planIndex] ?? candidates[0]) : null);
  if (decision.kind === "stale") return { kind: "stale" };
  const { client, isRetry } = clientName((name) => exchange.header(name));
  const tenantId = principal.tenant.id;
  if (decision.kind === "admit") {
    tools.books.came({ tenantId, client, isRetry, isRefused: false });
    const candidate = candidates[decision.planIndex] ?? candidates[0];
    tools.seenBudgets.note(tenantId, decision);
    noteObserved(tools, attempt, candidate, decision);
    queue.admitted(candidate);
    const limitMode = decision.isLocal === true ? "local" : "shared";
    const intent = intents.of(decision.planIndex, { admittedAt: new Date(decision.now), limitMode });
    const { provider, fallbacks } = candidate.model;
    const isOther = (one: Provider) => one.id !== provider.id;
    const { ways = [] } = attempt.snapshot.models.get(candidate.model.slug)?.provider ?? {};
    const hasOtherWay = fallbacks.length > 0 || ways.length > 1 || wanted.some(({ model }) => isOther(model.provider));
    const begun = { text: intents.text, planIndex: decision.planIndex };
    return { kind: "admitted", admitted: { candidate, policy, decision, intent, begun, hasOtherWay } };
  }
  if (decision.kind === "deny" && (await queue.forRoom(decision, attempt, candidates[0]))) return { kind: "waited" };
  tools.books.came({ tenantId, client, isRetry, isRefused: true });
  throw refuse(tools, attempt, { decision, candidates, waited: queue.headers });
}

/** Refuses shed calls before the store is asked, and counts downgraded calls. */
function shed(tools: AdmitTools, attempt: Attempt, asked: Candidate): void {
  const verdict = verdictOn(attempt, asked);
  if (verdict === "keep") return;
  const { principal, exchange } = attempt;
  tools.metrics.shed(asked.subject.priority, verdict);
  if (verdict === "downgrade") return;
  const client = clientName((name) => exchange.header(name));
  tools.books.came({ tenantId: principal.tenant.id, ...client, isRefused: true });
  const decision = { kind: "shed", now: tools.clock.now(), by: pressedOn(attempt, asked).by } as const;
  throw refuse(tools, attempt, { decision, candidates: [asked], waited: {} });
}

/**
 * Asks the store. Without an answer the call is refused, because a limiter that cannot count must not admit. A
 * reservation that the store may have made is given back.
 */
async function decided(tools: AdmitTools, request: AdmitRequest): Promise<AdmitReply> {
  const began = performance.now();
  try {
    const reply = await tools.admission.admit(request);
    tools.metrics.decided(performance.now() - began, tools.clock.now());
    return reply;
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    giveBack(tools, request);
    const message = "The limits cannot be checked at the moment. Please try again in 2s.";
    throw new PublicError("limiter_unavailable", message, { cause: error, retryAfterSeconds: 2 });
  }
}

function beingChanged(cause: unknown): PublicError {
  const message = "The limits are being changed. Please try again shortly.";
  return new PublicError("limiter_unavailable", message, { cause, retryAfterSeconds: 1 });
}
