import type { Database } from "@/db/client";
import { settingOnce } from "@/db/queries/fleet/instances";
import { changePepper, keysBefore, readPepper } from "@/db/queries/fleet/pepper";
import { BootFault } from "@/lib/errors";
import type { Log } from "@/lib/log";
import { makeVault } from "@/lib/providers/vault";
import { derived } from "../data-dir";

/** The peppers that keys are hashed with, and the root of all secrets that must outlive a pepper change. */
export type Peppers = {
  /** first the pepper for new hashes, then those that are still accepted */
  readonly accepted: readonly [string, ...string[]];
  /** the number of the pepper, from 1; each change adds one */
  readonly generation: number;
  /** the first pepper of this database; digests, the audit chain and sealed credentials derive from it */
  readonly root: string;
};

const SEALED_FOR = "root of the installation";
/** Processes that start together change the pepper one after the other. */
const TRIES_MAX = 5;

/**
 * Adopts the pepper of this process. If the database uses one of the `earlier` peppers, it moves to the new one: the
 * root is sealed again, and each key is hashed again at its next use. If the database uses a pepper that is not
 * configured, the process does not start, because it would refuse every caller.
 */
export async function openPeppers(
  db: Database,
  { pepper, earlier, log }: { pepper: string; earlier: readonly string[]; log: Log },
): Promise<Peppers> {
  const own = fingerprintOf(pepper);
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const under = await settingOnce(db, "pepper_fingerprint", own);
    const holder = [pepper, ...earlier].find((one) => fingerprintOf(one) === under);
    if (holder === undefined) {
      throw new BootFault(
        "KEY_PEPPER: this database's keys were made with another one; set it, copy DATA_DIR/secrets.json, or name it in KEY_PEPPERS_EARLIER",
      );
    }
    const { root: sealed, generation } = await readPepper(db);
    const root = sealed === null ? holder : makeVault([holder]).unseal(SEALED_FOR, sealed);
    if (holder === pepper) {
      if (generation > 1) await warnOfUnused(db, { generation, isAccepted: earlier.length > 0, log });
      return { accepted: [pepper, ...earlier], generation, root };
    }
    const resealed = makeVault([pepper]).seal(SEALED_FOR, root);
    if (await changePepper(db, { before: under, fingerprint: own, root: resealed }))
      log.warn("KEY_PEPPER has changed: each key is rehashed at its next use");
  }
  throw new BootFault("KEY_PEPPER: other processes change it all the time; give all of them the same one");
}

async function warnOfUnused(
  db: Database,
  { generation, isAccepted, log }: { generation: number; isAccepted: boolean; log: Log },
): Promise<void> {
  const keys = await keysBefore(db, generation);
  if (keys === 0) return;
  const then = isAccepted
    ? "they need KEY_PEPPERS_EARLIER until they are used"
    : "without KEY_PEPPERS_EARLIER they are void";
  log.warn({ keys }, `keys were not used since KEY_PEPPER changed: ${then}`);
}

function fingerprintOf(pepper: string): string {
  return derived(pepper, "fingerprint");
}
