import type { AdmitReply } from "@/lib/admission/admission";
import { covers, isInForce } from "@/lib/limits/brake";
import type { Policy } from "@/lib/policy/policy";
import type { Brake } from "@/lib/policy/rows/brake-row";
import type { CallSubject } from "../caller/subject";
import type { Gateway } from "../gateway";

/**
 * Books what would have refused an admitted call if it did more than observe: limits that it did not fit, and brakes that
 * only watch. Budgets without a step that refuses tell of themselves by their thresholds.
 */
export function noteObserved(
  { books, metrics }: Pick<Gateway, "books" | "metrics">,
  { facts, brakeFacts }: CallSubject,
  policy: Policy,
  { states, now }: Extract<AdmitReply, { kind: "admit" }>,
  brakes: readonly Brake[],
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
