import type { Admission } from "@/lib/admission/admission";
import type { Clock } from "@/lib/clock";
import { asPublicError } from "@/lib/errors";
import type { AppliedLimit } from "@/lib/limits/plan";
import type { Log } from "@/lib/log";
import type { Policy } from "@/lib/policy/policy";
import type { CurrentPolicy } from "@/lib/policy/snapshot/current-policy";
import { policyInForce } from "@/lib/policy/snapshot/in-force";
import { knownLimits } from "@/lib/quota/quota";
import { dialectOfRequest } from "@/lib/wire/dialect";
import type { Principal } from "../caller/principal";
import { factsOfCaller } from "../caller/subject";
import { LimitedError, toldHeaders } from "./answer-headers";
import type { Exchange } from "./exchange";

type PeekTools = { readonly admission: Pick<Admission, "peek">; readonly log: Log };
type CallerTools = PeekTools & {
  readonly policy: Pick<CurrentPolicy, "snapshot">;
  readonly digestSecret: string;
  readonly clock: Clock;
};

/**
 * The rate headers of an answer without an admission, from one store request: limits for everyone, tenant, key, address
 * and the user in the header, if they apply to every call. Fail mode: while the store is away, the answer has no rate
 * headers. Numbers are never invented.
 */
export async function callerHeaders(
  tools: CallerTools,
  exchange: Exchange,
  principal: Principal,
): Promise<Record<string, string>> {
  const { policy: current, digestSecret, clock } = tools;
  return orNone(tools, exchange, () => {
    const policy = policyInForce(current.snapshot, principal.tenant.id, principal.key.familyId);
    const user = exchange.header("x-spillway-user")?.trim() || null;
    const known = knownLimits(policy, factsOfCaller({ digestSecret, exchange, principal, user }), clock.now());
    const forAll = known.filter(({ limit }) => Object.keys(limit.match).length === 0);
    return { policy, limits: forAll.map(({ applied }) => applied) };
  });
}

/** Adds the limits after settlement to the error of an admitted call. Returns any other error unchanged. */
export async function afterAdmitted(
  tools: PeekTools,
  exchange: Exchange,
  { policy, limits }: Looked,
  thrown: unknown,
): Promise<unknown> {
  const error = asPublicError(thrown);
  if (error === null) return thrown;
  return new LimitedError(error, await orNone(tools, exchange, () => ({ policy, limits })));
}

type Looked = { readonly policy: Policy; readonly limits: readonly AppliedLimit[] };

async function orNone(
  { admission, log }: PeekTools,
  exchange: Exchange,
  about: () => Looked,
): Promise<Record<string, string>> {
  try {
    const { policy, limits } = about();
    if (limits.length === 0) return {};
    const { now, states } = await admission.peek(limits);
    const isAnthropic = dialectOfRequest(exchange.path, exchange.header) === "anthropic";
    return toldHeaders({ policy, states, now, isAnthropic });
  } catch (error) {
    log.debug({ err: error, requestId: exchange.requestId }, "sent an answer without rate headers");
    return {};
  }
}
