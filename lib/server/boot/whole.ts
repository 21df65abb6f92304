import { randomBytes } from "node:crypto";
import path from "node:path";
import type { Env } from "@/lib/env";
import { setCurrentGateway } from "@/lib/gateway/current-gateway";
import { FrontedCalls } from "@/lib/gateway/exchange/fronted-calls";
import { policyJobs } from "@/lib/jobs/policy-jobs";
import { startJobs } from "@/lib/jobs/run-jobs";
import { type Log, makeLog } from "@/lib/log";
import { lockDataDir, prepareDataDir } from "../data-dir";
import { type Credentials, seedWhenEmpty } from "../demo";
import type { Door } from "../door";
import { emergencyDoorOf } from "../emergency/emergency-of";
import { brakeDoor } from "../http/brake-door";
import { orUndone, type Undo } from "../life/or-undone";
import { stopInSteps } from "../life/stop-steps";
import { STOP_MS } from "../life/stop-times";
import { bootCalls } from "./calls";
import { authOf, bootConsole, type Operators } from "./console";
import { openInstallation } from "./installation";
import { findDatabase } from "./postgres";

export type Running = Door & {
  /** made by this start; null = it existed before */
  readonly credentials: Credentials | null;
  beginDrain(): void;
  /**
   * Stops everything in the order that loses nothing: calls, books, counters, connections, database. Takes at most ten
   * seconds, three while the database is away, and half a second after `hurried` resolves.
   */
  stop(hurried?: Promise<void>): Promise<void>;
};

/** Builds a process that serves everything from its environment. Throws BootFault with one clear line when it cannot run. */
export async function boot(env: Env, options: { seedDemo: boolean; tell: (step: string) => void }): Promise<Running> {
  const log = makeLog(env.logLevel);
  prepareDataDir(env.dataDir);
  const lock = await lockDataDir(env.dataDir);
  return orUndone([lock.release], (undo) => assemble(env, log, options, undo));
}

async function assemble(
  env: Env,
  log: Log,
  options: { seedDemo: boolean; tell: (step: string) => void },
  undo: Undo,
): Promise<Running> {
  const { tell } = options;
  const { address, restarts } = await findDatabase({ env, log, undo, tell });
  const isSole = env.redis === null;
  const installation = await openInstallation({ env, log, undo, tell, address, postgresRestarts: restarts, isSole });
  const { db, secrets } = installation;
  const auth = authOf(installation);
  const wantsDemo = env.databaseUrl === null || options.seedDemo;
  const credentials = await seedWhenEmpty({ db, auth, env, secrets, wantsDemo });
  const known: { operators: Operators | null } = { operators: null };
  const calls = await bootCalls(installation, {
    journal: path.join(env.dataDir, "journal"),
    leftJournals: [],
    isAuditBroken: () => known.operators?.isAuditBroken() === true,
  });
  const { gateway, store, frontDoor, health } = calls;
  const doorSecret = randomBytes(16).toString("hex");
  setCurrentGateway({ gateway, doorSecret, bare: null, fronted: new FrontedCalls() });
  const operators = await bootConsole(installation, {
    auth,
    policy: gateway.policy,
    admission: gateway.admission,
    attempts: frontDoor,
    drainBooks: () => gateway.books.drain(),
    isStoreAway: store.isAway,
    restores: calls.restores,
    emergency: calls.emergency,
  });
  known.operators = operators;
  const jobs = [...calls.jobs, ...policyJobs({ db, clock: gateway.clock, policy: gateway.policy }), ...operators.jobs];
  const stopJobs = await startJobs(jobs, {
    log,
    ended: (name, outcome) => gateway.metrics.jobEnded(name, outcome),
  });
  return {
    env,
    log,
    gateway,
    doorSecret,
    credentials,
    attempts: frontDoor,
    metricsToken: env.metricsToken ?? secrets.operatorToken,
    metrics: () => gateway.metrics.text(),
    brakes: env.plane === "gateway" ? brakeDoor : null,
    emergency: emergencyDoorOf(installation, {
      policy: gateway.policy,
      brakes: calls.emergency,
      isNeeded: async () => health.isDatabaseAway,
    }),
    isDraining: gateway.isDraining,
    ready: () => health.look(),
    beginDrain: calls.beginDrain,
    stop: async (hurried = new Promise<void>(() => undefined)) => {
      stopJobs();
      calls.stopTimers();
      const steps = [
        operators.steps.first,
        calls.steps.leave,
        operators.steps.last,
        ...calls.steps.close,
        ...undo.reverse().map((run) => ({ name: "what was opened", run })),
      ];
      const totalMs = health.isDatabaseAway ? STOP_MS.alone : STOP_MS.whole;
      await stopInSteps(steps, { log, totalMs, hurriedMs: STOP_MS.hurried, hurried });
    },
  };
}
