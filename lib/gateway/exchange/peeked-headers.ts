import { knownLimits } from "@/lib/admission/quota";
import { asPublicError } from "@/lib/errors";
import type { AppliedLimit } from "@/lib/limits/plan";
import type { Policy } from "@/lib/policy/policy";
import { policyInForce } from "@/lib/policy/snapshot/in-force";
import { dialectOfRequest } from "@/lib/wire/dialect";
import type { Principal } from "../caller/principal";
import type { Gateway } from "../gateway";
import { callerFacts } from "../routes/serve-quota";
import { LimitedError, toldHeaders } from "./answer-headers";
import type { Exchange } from "./exchange";

/**
 * The rate headers of an answer that no admission decided, by one look at the store: limits of everyone, tenant, key,
 * address and the user that a header names, as far as they are for every call. Fail mode: with the store away the answer
 * goes without them; numbers are never invented.
 */
export async function callerHeaders(
  gateway: Gateway,
  exchange: Exchange,
  principal: Principal,
): Promise<Record<string, string>> {
  return orNone(gateway, exchange, () => {
    const policy = policyInForce(gateway.policy.snapshot, principal.tenant.id, principal.key.familyId);
    const user = exchange.header("x-spillway-user")?.trim() || null;
    const known = knownLimits(policy, callerFacts(gateway, exchange, principal, user), gateway.clock.now());
    const forAll = known.filter(({ limit }) => Object.keys(limit.match).length === 0);
    return { policy, limits: forAll.map(({ applied }) => applied) };
  });
}

/** An error of an admitted call with all of its limits as they stand now that it is settled. Anything else as it is. */
export async function afterAdmitted(
  { gateway, exchange, policy, limits }: Looked & { readonly gateway: Gateway; readonly exchange: Exchange },
  thrown: unknown,
): Promise<unknown> {
  const error = asPublicError(thrown);
  if (error === null) return thrown;
  return new LimitedError(error, await orNone(gateway, exchange, () => ({ policy, limits })));
}

type Looked = { readonly policy: Policy; readonly limits: readonly AppliedLimit[] };

async function orNone(gateway: Gateway, exchange: Exchange, about: () => Looked): Promise<Record<string, string>> {
  try {
    const { policy, limits } = about();
    if (limits.length === 0) return {};
    const { now, states } = await gateway.admission.peek(limits);
    const isAnthropic = dialectOfRequest(exchange.path, exchange.header) === "anthropic";
    return toldHeaders({ policy, states, now, isAnthropic });
  } catch (error) {
    gateway.log.debug({ err: error, requestId: exchange.requestId }, "an answer goes without its rate headers");
    return {};
  }
}
