import { servePort } from "@/lib/admission/port/serve-port";
import type { Env } from "@/lib/env";
import { policyJobs } from "@/lib/jobs/policy-jobs";
import { startJobs } from "@/lib/jobs/run-jobs";
import { makeLog } from "@/lib/log";
import { bootCalls, type Calls } from "../boot/calls";
import { openInstallation } from "../boot/installation";
import { lockPart } from "../data-dir";
import { emergencyDoorOf } from "../emergency/emergency-of";
import { makeServer } from "../http/server";
import { makeExit } from "../life/drain";
import { orUndone, type Undo } from "../life/or-undone";
import { stopInSteps } from "../life/stop-steps";
import { STOP_MS } from "../life/stop-times";
import { listen } from "../net/listen";
import { makePassOn } from "../net/pass-on";
import { callCount } from "./call-count";
import { callMethods } from "./call-port";
import type { Parent } from "./parent";
import { callsSocket, consoleSocket, journalFolder, leftJournals } from "./places";

/**
 * A process that serves only calls: it loads no Next, no React and no auth library. Other paths go to the console's
 * process. `number` distinguishes it from the others of its DATA_DIR; with counters in memory there is only one.
 */
export async function serveCalls(env: Env, parent: Parent, number: number): Promise<void> {
  const lock = await lockPart(env.dataDir, `calls-${number}`);
  await orUndone([lock.release], (undo) => serve({ env, parent, number, undo }));
}

async function serve(input: { env: Env; parent: Parent; number: number; undo: Undo }): Promise<void> {
  const { env, parent, number, undo } = input;
  const log = makeLog(env.logLevel);
  const processes = callCount(env);
  const installation = await openInstallation({
    env,
    log,
    undo,
    tell: () => undefined,
    address: await parent.address,
    postgresRestarts: parent.postgresRestarts,
    isSole: env.redis === null,
  });
  await parent.seeded;
  const calls = await bootCalls(installation, {
    journal: journalFolder(env.dataDir, number),
    leftJournals: number === 1 ? leftJournals(env.dataDir, processes) : [],
    isAuditBroken: () => false,
  });
  const { gateway } = calls;
  undo.push((await servePort(callsSocket(env.dataDir, number), callMethods(calls))).close);
  const jobs = [...calls.jobs, ...policyJobs({ db: installation.db, clock: gateway.clock, policy: gateway.policy })];
  const stopJobs = await startJobs(jobs, {
    log,
    ended: (name, outcome) => gateway.metrics.jobEnded(name, outcome),
  });
  const toConsole = makePassOn(consoleSocket(env.dataDir));
  const door = {
    env,
    log,
    gateway,
    doorSecret: "",
    attempts: calls.frontDoor,
    brakes: null,
    emergency: emergencyDoorOf(installation, {
      policy: gateway.policy,
      brakes: calls.emergency,
      isNeeded: async () => calls.health.isDatabaseAway || !(await toConsole.isThere()),
    }),
    // The console answers this, because it adds up the metrics of all processes.
    metricsToken: "",
    metrics: () => gateway.metrics.text(),
    isDraining: gateway.isDraining,
    ready: () => calls.health.look(),
  };
  const next = () => Promise.reject(new Error("no console is served here"));
  const server = makeServer(door, next, { isDev: false, passOn: toConsole.passOn });
  await listen(server, { setting: "PORT", host: env.host, port: env.port, exclusive: processes === 1 });
  const stop = async (hurried: Promise<void>) => {
    stopJobs();
    toConsole.close();
    await stopAll({ calls, undo, hurried, parent });
  };
  const { openCalls } = gateway;
  const { drainMs } = env;
  parent.obey(makeExit({ servers: [server], log, openCalls, drainMs, beginDrain: calls.beginDrain, stop }));
  await parent.tell({ kind: "ready" });
}

async function stopAll(input: { calls: Calls; undo: Undo; hurried: Promise<void>; parent: Parent }): Promise<void> {
  const { calls, undo, hurried, parent } = input;
  const { log } = calls.gateway;
  calls.stopTimers();
  const { isDatabaseAway } = calls.health;
  const steps = [
    { name: "word to the supervisor", run: () => parent.tell({ kind: "leaving", isDatabaseAway }) },
    calls.steps.leave,
    ...calls.steps.close,
    ...undo.reverse().map((run) => ({ name: "what was opened", run })),
  ];
  const totalMs = isDatabaseAway ? STOP_MS.alone : STOP_MS.whole;
  await stopInSteps(steps, { log, totalMs, hurriedMs: STOP_MS.hurried, hurried });
}
