import type { Database } from "@/db/client";
import { settingOnce } from "@/db/queries/fleet/instances";
import { changePepper, keysBefore, readPepper } from "@/db/queries/fleet/pepper";
import { BootFault } from "@/lib/errors";
import type { Log } from "@/lib/log";
import { makeVault } from "@/lib/providers/vault";
import { derived } from "../data-dir";

/** What keys are hashed with, and what everything else that must outlive a change of it is derived from. */
export type Peppers = {
  /** the one of new hashes, then those that are still accepted */
  readonly accepted: readonly [string, ...string[]];
  /** how often it was changed, from 1 */
  readonly generation: number;
  /** the first pepper of this database: digests, the audit chain and sealed credentials hang on it */
  readonly root: string;
};

const SEALED_FOR = "root of the installation";
/** Processes that start together change it one after the other. */
const TRIES_MAX = 5;

/**
 * Takes up the pepper of this process. When the database is under one of the `earlier` ones, it comes under the new one: the
 * root is sealed again, and each key is hashed again when it is next used. Under a pepper that nobody named a process does
 * not start: it would refuse every caller.
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
      log.warn("KEY_PEPPER has changed: each key is hashed again when it is next used");
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
