import { keepEmbeddedPostgres } from "@/db/embedded/keeper";
import { asAppRole } from "@/db/open/app-role";
import type { Env } from "@/lib/env";
import type { Log } from "@/lib/log";
import type { Undo } from "../life/or-undone";
import type { DatabaseAddress } from "./installation";

/** The configured database, or the embedded one, which is started and kept running. */
export async function findDatabase(input: {
  env: Env;
  log: Log;
  undo: Undo;
  tell: (step: string) => void;
}): Promise<{ address: DatabaseAddress; restarts: () => number }> {
  const { env, log, undo, tell } = input;
  if (env.databaseUrl !== null) {
    return { address: { url: env.databaseUrl, ownerUrl: env.databaseOwnerUrl }, restarts: () => 0 };
  }
  tell("starting the embedded PostgreSQL");
  const { url, restarts, stop } = await keepEmbeddedPostgres({ dataDir: env.dataDir, log });
  undo.push(stop);
  return { address: { url: asAppRole(url), ownerUrl: url }, restarts };
}
