import { rotateOwnKey } from "@/lib/console/keys/rotate-own";
import { mintKey } from "@/lib/gateway/caller/api-key";
import type { RotateKey } from "@/lib/gateway/holder/rotate-key";
import type { CurrentPolicy } from "@/lib/policy/snapshot/current-policy";
import { openAudit } from "../audit/keep-audit";
import { derived } from "../data-dir";
import type { Installation } from "./installation";

/**
 * How holders replace their keys in a process that serves calls. It signs the audit log's end but writes no anchors: the
 * console's process keeps that file, and anchors the rows of other processes.
 */
export function ownKeysOf({ env, db, clock, log, peppers }: Installation, policy: CurrentPolicy): RotateKey {
  const audit = openAudit({ env, root: peppers.root, chainKey: derived(peppers.root, "audit"), clock, log });
  const context = {
    db,
    policy,
    clock,
    audit: { append: audit.append.bind(audit), noted: () => undefined },
    mintKey: (environment: "live" | "test") => mintKey(environment, peppers.accepted[0], peppers.generation),
  };
  return (holder) => rotateOwnKey(context, holder);
}
