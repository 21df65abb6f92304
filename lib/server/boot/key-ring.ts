import { rehashKey } from "@/db/queries/fleet/pepper";
import { findKeys } from "@/db/queries/limits/config";
import { KeyRing } from "@/lib/gateway/caller/principal";
import type { CurrentPolicy } from "@/lib/policy/snapshot/current-policy";
import { within } from "@/lib/within";
import type { Installation } from "./installation";

/** A call waits this long for the database. Then it is served by the keys known here. */
const CALL_WAITS_MS = 1000;

/** The callers' keys, under the peppers of this installation. */
export function keyRingOf({ db, clock, log, peppers }: Installation, policy: CurrentPolicy): KeyRing {
  const { accepted, generation: pepperVersion } = peppers;
  return new KeyRing({
    findKeys: (ids) => within(CALL_WAITS_MS, findKeys(db, ids)),
    clock,
    log,
    policy,
    peppers: accepted,
    pepperVersion,
    rehash: ({ id, hmac: before }, hmac) => rehashKey(db, { id, before, hmac, pepperVersion }),
  });
}
