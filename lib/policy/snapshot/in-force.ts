import { PublicError } from "@/lib/errors";
import type { Policy } from "../policy";
import type { Snapshot } from "./snapshot";

const RETRY_SECONDS = 30;

/** The policy of a caller. Throws 503 when its tenant's limits do not compile and none that did is known. */
export function policyInForce(
  snapshot: Pick<Snapshot, "policyOf">,
  tenantId: string,
  keyFamilyId: string | null,
): Policy {
  const compiled = snapshot.policyOf(tenantId, keyFamilyId);
  if (compiled.kind === "policy") return compiled.policy;
  throw new PublicError(
    "limiter_unavailable",
    "The limits of this organisation cannot be read, so its calls are refused until its operator corrects them.",
    { retryAfterSeconds: RETRY_SECONDS, cause: compiled.faults.join("; ") },
  );
}
