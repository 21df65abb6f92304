import { holdAlone } from "@/db/alone";
import { type OpenDatabase, openDatabase } from "@/db/client";
import { databaseTime } from "@/db/queries/fleet/instances";
import { systemClock, systemElapsed } from "@/lib/clock";
import type { Env } from "@/lib/env";
import type { Log } from "@/lib/log";
import { makeVault, type Vault } from "@/lib/providers/vault";
import { derived, ownSecrets, type Secrets } from "../data-dir";
import type { Undo } from "../life/or-undone";
import { AgreedClock } from "../store/agreed-clock";
import { openPeppers, type Peppers } from "./peppers";

/** What every process of an installation has: settings, secrets, the database. */
export type Installation = Pick<OpenDatabase, "db" | "ping"> & {
  readonly env: Env;
  readonly log: Log;
  readonly clock: AgreedClock;
  readonly secrets: Secrets;
  readonly peppers: Peppers;
  readonly vault: Vault;
  /** Secret that turns callers' own names into counter subjects. */
  readonly digestSecret: string;
  /** restarts of the embedded PostgreSQL after it ended by itself; 0 also when there is none */
  readonly postgresRestarts: () => number;
  readonly undo: Undo;
};

/** Where the database is, and which role owns its schema; null = the role that uses it. */
export type DatabaseAddress = { readonly url: string; readonly ownerUrl: string | null };

/**
 * Opens the database and migrates its schema. `isSole`: counters live in this process, so no other process may serve
 * from this database. Throws BootFault with one clear line.
 */
export async function openInstallation(input: {
  env: Env;
  log: Log;
  undo: Undo;
  tell: (step: string) => void;
  address: DatabaseAddress;
  postgresRestarts: () => number;
  isSole: boolean;
}): Promise<Installation> {
  const { env, log, undo, tell, address, postgresRestarts } = input;
  const secrets = withEnv(ownSecrets(env.dataDir), env);
  tell("bringing the database schema up to date");
  const isLasting = env.hostKind === "server";
  const opened = await openDatabase({ ...address, log, isPooled: !isLasting });
  undo.push(opened.close);
  if (input.isSole) undo.push((await holdAlone(address.url, log)).release);
  const peppers = await openPeppers(opened.db, { pepper: secrets.keyPepper, earlier: env.earlierKeyPeppers, log });
  const clock = new AgreedClock({ own: systemClock, elapsed: systemElapsed, log });
  // The agreed time goes stale while a host suspends the process, so there its own clock is the time.
  if (isLasting) {
    clock.join({ name: "database", ask: () => databaseTime(opened.db) });
    await clock.look();
    const stopClock = clock.follow();
    undo.push(async () => stopClock());
  }
  const vault = makeVault([env.credentialsKey ?? derived(peppers.root, "vault"), ...env.earlierCredentialsKeys]);
  return {
    env,
    log,
    clock,
    secrets,
    peppers,
    vault,
    postgresRestarts,
    undo,
    db: opened.db,
    ping: opened.ping,
    digestSecret: derived(peppers.root, "digest"),
  };
}

/** Secrets from the environment win over those made in DATA_DIR, so that several installations can share them. */
function withEnv(own: Secrets, env: Env): Secrets {
  return {
    ...own,
    keyPepper: env.keyPepper ?? own.keyPepper,
    authSecret: env.authSecret ?? own.authSecret,
    operatorToken: env.operatorToken ?? own.operatorToken,
  };
}
