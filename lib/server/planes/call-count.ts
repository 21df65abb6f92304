import { availableParallelism } from "node:os";
import type { Env } from "@/lib/env";
import { BootFault } from "@/lib/errors";

/** With the console's process and twelve connections each, this is PostgreSQL's default connection limit. */
const USUAL_MOST = 7;

/** How many processes serve calls: one per core with a shared store, one with counters in its memory. */
export function callCount(
  { redis, callProcesses }: Pick<Env, "redis" | "callProcesses">,
  cores = availableParallelism(),
): number {
  if (redis !== null) return callProcesses ?? Math.min(cores, USUAL_MOST);
  if (callProcesses !== null && callProcesses > 1)
    throw new BootFault("CALL_PROCESSES: several processes need a store that they share; set REDIS_URL as well, or 1");
  return 1;
}
