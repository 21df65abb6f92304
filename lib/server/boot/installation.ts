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

/** What every process of an installation has, whatever it serves: settings, secrets, the database. */
export type Installation = Pick<OpenDatabase, "db" | "ping"> & {
  readonly env: Env;
  readonly log: Log;
  readonly clock: AgreedClock;
  readonly secrets: Secrets;
  readonly peppers: Peppers;
  readonly vault: Vault;
  /** Secret under which callers' own names become counter subjects. */
  readonly digestSecret: string;
  /** how often the embedded PostgreSQL ended by itself and was started again; 0 = there is none */
  readonly postgresRestarts: () => number;
  readonly undo: Undo;
};

/** Where the database is, and who owns its schema; null = who uses it does. */
export type DatabaseAddress = { readonly url: string; readonly ownerUrl: string | null };

/**
 * Opens the database and brings its schema up to date. `isSole`: counters live in this process, so no other may serve from
 * this database. Throws BootFault with one clear line.
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
  // What was agreed goes stale while a host holds the process up: there its own clock is the time.
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

/** Secrets from the environment win over those made in DATA_DIR: several installations may share them. */
function withEnv(own: Secrets, env: Env): Secrets {
  return {
    ...own,
    keyPepper: env.keyPepper ?? own.keyPepper,
    authSecret: env.authSecret ?? own.authSecret,
    operatorToken: env.operatorToken ?? own.operatorToken,
  };
}
