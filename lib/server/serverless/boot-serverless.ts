import { randomBytes } from "node:crypto";
import type { Env } from "@/lib/env";
import { BootFault } from "@/lib/errors";
import { setCurrentGateway } from "@/lib/gateway/current-gateway";
import { FrontedCalls } from "@/lib/gateway/exchange/fronted-calls";
import { policyJobs } from "@/lib/jobs/policy-jobs";
import { startJobs } from "@/lib/jobs/run-jobs";
import { makeLog } from "@/lib/log";
import { bootCalls } from "../boot/calls";
import { authOf, bootConsole } from "../boot/console";
import { openInstallation } from "../boot/installation";
import { prepareDataDir } from "../data-dir";
import { orUndone } from "../life/or-undone";
import { hostFaults } from "./host-faults";
import { makeJudge } from "./judge";
import { makeRunJob } from "./run-jobs";

/**
 * Builds a process for a host that stops it between requests, keeps no files, and allows no server of our own. Next's route
 * handlers serve, ended calls are settled after their answers, and the host's scheduler starts the jobs. Throws BootFault
 * with one line per setting that cannot work there. Resolves with a function that settles what is left at the end.
 */
export async function bootServerless(env: Env): Promise<() => Promise<void>> {
  const faults = hostFaults(env);
  const { databaseUrl: url, databaseOwnerUrl: ownerUrl, cronSecret } = env;
  if (faults.length > 0 || url === null || cronSecret === null) throw new BootFault(faults.join("\n  "));
  const log = makeLog(env.logLevel);
  prepareDataDir(env.dataDir);
  return orUndone([], async (undo) => {
    const address = { url, ownerUrl };
    const tell = () => undefined;
    const postgresRestarts = () => 0;
    const installation = await openInstallation({ env, log, undo, tell, address, postgresRestarts, isSole: false });
    const { db, clock } = installation;
    const known: { isAuditBroken: () => boolean } = { isAuditBroken: () => false };
    const calls = await bootCalls(installation, {
      journal: null,
      leftJournals: [],
      isAuditBroken: () => known.isAuditBroken(),
    });
    const { gateway, frontDoor, settled } = calls;
    const operators = await bootConsole(installation, {
      auth: authOf(installation),
      policy: gateway.policy,
      admission: gateway.admission,
      attempts: frontDoor,
      drainBooks: () => gateway.books.drain(),
      isStoreAway: calls.store.isAway,
      restores: calls.restores,
      emergency: calls.emergency,
    });
    known.isAuditBroken = operators.isAuditBroken;
    // Time-based changes of a policy apply to each process: adopted while the host lets it run, and by request.
    const ofPolicy = policyJobs({ db, clock, policy: gateway.policy });
    await startJobs(ofPolicy, { log, ended: (name, outcome) => gateway.metrics.jobEnded(name, outcome) });
    const jobs = [...calls.jobs, ...ofPolicy, ...operators.jobs];
    setCurrentGateway({
      gateway,
      // No request comes through a server of our own.
      doorSecret: randomBytes(16).toString("hex"),
      fronted: new FrontedCalls(),
      bare: {
        judge: makeJudge({ env, attempts: frontDoor }),
        settled,
        runJob: makeRunJob({ jobs, cronSecret, db, log, settled }),
      },
    });
    return settled;
  });
}
