import type { AdmitReply } from "@/lib/admission/admission";
import type { Books } from "@/lib/ledger/books";
import { covers, isInForce } from "@/lib/limits/brake";
import type { Metrics } from "@/lib/metrics";
import type { Attempt } from "./attempt";
import type { Candidate } from "./candidates";

/**
 * Books the observe-only limits and brakes that would have refused an admitted call. Budgets without a refusing
 * threshold report through their thresholds instead.
 */
export function noteObserved(
  { books, metrics }: { readonly books: Pick<Books, "observed">; readonly metrics: Pick<Metrics, "observed"> },
  { policy, brakes }: Pick<Attempt, "policy" | "brakes">,
  { subject: { facts, brakeFacts } }: Pick<Candidate, "subject">,
  { states, now }: Extract<AdmitReply, { kind: "admit" }>,
): void {
  const { tenantId } = facts;
  for (const { check, waitMs } of states) {
    if (!check.observe || waitMs === 0) continue;
    const limit = policy.limits.find((one) => one.limitId === check.limitId);
    if (limit === undefined || limit.origin.from === "budget") continue;
    books.observed({ tenantId, layer: check.layer, dimension: check.dimension, limitName: limit.name });
    metrics.observed("limit");
  }
  for (const brake of brakes) {
    if (brake.mode !== "observe" || !isInForce(brake, now) || !covers(brake.scope, brakeFacts)) continue;
    books.observed({ tenantId, layer: "", dimension: "", limitName: brake.id });
    metrics.observed("brake");
  }
}
