import type { Clock } from "@/lib/clock";
import { metBy } from "@/lib/limits/brake";
import type { Ladder } from "@/lib/limits/ladder/ladder";
import type { Policy } from "@/lib/policy/policy";
import type { Brake } from "@/lib/policy/rows/brake-row";
import { ladderOf } from "@/lib/policy/rows/ladder-row";
import { policyInForce } from "@/lib/policy/snapshot/in-force";
import type { Snapshot } from "@/lib/policy/snapshot/snapshot";
import type { Model } from "@/lib/providers/catalog";
import { rollOf } from "@/lib/request-id";
import type { Shedding } from "@/lib/scarcity/shedding/shedding";
import type { Call } from "@/lib/wire/call";
import type { Principal } from "../caller/principal";
import type { Exchange } from "../exchange/exchange";
import type { Upstreams } from "../upstream/upstreams";
import type { SeenBudgets } from "./seen-budgets";
import type { TokenHistory } from "./token-history";

/** Members that all attempts of this process share. */
export type AttemptTools = {
  readonly clock: Clock;
  readonly digestSecret: string;
  readonly instanceId: string;
  readonly leaseMs: number;
  readonly seenBudgets: SeenBudgets;
  readonly tokenHistory: TokenHistory;
  readonly shedding: Pick<Shedding, "verdict" | "on">;
  readonly upstreams: Pick<Upstreams, "door" | "probe" | "giveUpProbe" | "room" | "withCredential">;
};

/** A way that failed to serve the call. */
export type Tried = { readonly model: Model; readonly why: "limited" | "failed" };

/**
 * One try to admit a call: the caller, the request, and the rules in force. Made once per try, because the key, the
 * policy and the brakes may change while a call waits. The attempt yields the candidates, plans and intent of its try.
 */
export type Attempt = {
  readonly tools: AttemptTools;
  readonly exchange: Exchange;
  readonly principal: Principal;
  readonly call: Call;
  /** Id of this try in the store and in the books. A call that is sent a second time has a second id. */
  readonly requestId: string;
  /** Ways that have failed this call already. */
  readonly tried: readonly Tried[];
  readonly snapshot: Snapshot;
  /** Brakes that match this call. A brake on a share of calls matches only that share. */
  readonly brakes: readonly Brake[];
  readonly ladder: Ladder;
  readonly policy: Policy;
};

export function attemptOf(
  input: Pick<Attempt, "tools" | "exchange" | "principal" | "call" | "requestId" | "tried" | "snapshot">,
): Attempt {
  const { tools, exchange, principal, call, requestId, tried, snapshot } = input;
  return {
    tools,
    exchange,
    principal,
    call,
    requestId,
    tried,
    snapshot,
    brakes: metBy(snapshot.brakes, rollOf(exchange.requestId), tools.clock.now()),
    ladder: ladderOf(snapshot.tiers.get(principal.tier.id)?.ladder),
    policy: policyInForce(snapshot, principal.tenant.id, principal.key.familyId),
  };
}
