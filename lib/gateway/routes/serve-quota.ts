import { policyInForce } from "@/lib/policy/snapshot/in-force";
import { forHolder, type Quota, quotaOf, type ReservedOf } from "@/lib/quota/quota";
import type { Principal } from "../caller/principal";
import { factsOfCaller } from "../caller/subject";
import { type Exchange, jsonReply, type Reply } from "../exchange/exchange";
import type { Gateway } from "../gateway";

/** GET /v1/quota: every limit of this key (and of the user in x-spillway-user) with its remaining amount. */
export async function serveQuota(gateway: Gateway, exchange: Exchange): Promise<Reply> {
  const principal = await gateway.keys.authenticateNow(exchange);
  return jsonReply(
    200,
    await quotaFor(
      gateway,
      exchange,
      principal,
      exchange.header("x-spillway-user")?.trim() || null,
      gateway.reservedOf,
    ),
  );
}

/** The quota of one caller, as its next call would see it. */
export async function quotaFor(
  gateway: Gateway,
  exchange: Exchange,
  principal: Principal,
  user: string | null,
  reservedOf: ReservedOf | null,
): Promise<Quota> {
  const tenantId = principal.tenant.id;
  const policy = policyInForce(gateway.policy.snapshot, tenantId, principal.key.familyId);
  const { admission, clock, digestSecret } = gateway;
  const facts = { ...factsOfCaller({ digestSecret, exchange, principal, user }), endpoint: "chat" };
  const burn = reservedOf === null ? {} : { burnOf: gateway.burnOf };
  return forHolder(await quotaOf({ admission, policy, facts, now: clock.now(), reservedOf, ...burn }));
}
