import { randomBytes } from "node:crypto";
import fs from "node:fs";
import { RemoteAdmission } from "@/lib/admission/port/remote-admission";
import { SECOND_MS } from "@/lib/clock";
import type { Env } from "@/lib/env";
import { policyJobs } from "@/lib/jobs/policy-jobs";
import { type Job, startJobs } from "@/lib/jobs/run-jobs";
import { type Log, makeLog } from "@/lib/log";
import { type Figures, Metrics } from "@/lib/metrics";
import { CurrentPolicy } from "@/lib/policy/snapshot/current-policy";
import type { MetricsSource } from "@/lib/process-figures";
import { authOf, bootConsole, type Operators } from "../boot/console";
import { type Installation, openInstallation } from "../boot/installation";
import { startNext } from "../boot/next-handler";
import { lockPart } from "../data-dir";
import { seedWhenEmpty } from "../demo";
import type { Door } from "../door";
import { emergencyOf } from "../emergency/emergency-of";
import { makeServer } from "../http/server";
import { makeExit } from "../life/drain";
import { Health } from "../life/health";
import { orUndone, type Undo } from "../life/or-undone";
import { stopInSteps } from "../life/stop-steps";
import { STOP_MS } from "../life/stop-times";
import { listen } from "../net/listen";
import type { Restored } from "../store/older-database";
import { callCount } from "./call-count";
import type { CallStatus } from "./call-port";
import { CallProcesses } from "./call-processes";
import type { Parent } from "./parent";
import { callsSocket, consoleSocket } from "./places";
import { remoteAttempts } from "./remote-attempts";

const FOLLOW_POLICY_MS = 400;
/** How long an operator waits for a process with calls that does not answer; it adopts the change by itself later. */
const NEWS_MS = 2000;
const DRAIN_MS = 3000;
const FIGURES_MS = 2000;
const OURS_ALONE = 0o600;
/** A database older than the store: the processes that serve calls handle it and report it to their balancer. */
const SEEN_TO = { state: "level", restores: 0 } as const;

/**
 * The process of the console: pages, admin API, alerts, retention, replays. It holds no counters and serves no calls.
 * It asks the processes that do, over their sockets. While they are away, pages with counters fail and all others work.
 */
export async function serveConsole(env: Env, parent: Parent): Promise<void> {
  const lock = await lockPart(env.dataDir, "console");
  await orUndone([lock.release], (undo) => serve(env, parent, undo));
}

async function serve(env: Env, parent: Parent, undo: Undo): Promise<void> {
  const log = makeLog(env.logLevel);
  const installation = await openInstallation({
    env,
    log,
    undo,
    tell: () => undefined,
    address: await parent.address,
    postgresRestarts: parent.postgresRestarts,
    isSole: false,
  });
  const { db, clock, secrets } = installation;
  const auth = authOf(installation);
  const credentials = await seedWhenEmpty({ db, auth, env, secrets, wantsDemo: env.databaseUrl === null });
  await parent.tell({ kind: "seeded", credentials });

  const calls = new CallProcesses(callsSockets(env), log);
  undo.push(async () => calls.close());
  const policy = await followedPolicy(installation, calls);
  const status = { isStoreAway: false };
  const attempts = remoteAttempts({ calls, clock, log });
  const isStoreAway = () => status.isStoreAway;
  const draining = { on: false };
  const isDraining = () => draining.on;
  const health = new Health({ ping: installation.ping, isDraining, isStoreAway, log, database: SEEN_TO });
  // The processes that serve calls leave theirs in DATA_DIR.
  const emergency = emergencyOf(installation, { policy, board: null, health });
  const counting = { auth, policy, attempts, isStoreAway, emergency, ...askedOf(calls) };
  const operators = await bootConsole(installation, counting);
  // Only now: without a process Next would build its own.
  const next = startNext(env, { isDev: false });
  next.catch(() => undefined);
  const metrics = new Metrics({ ...idleFigures(policy), isAuditBroken: operators.isAuditBroken });
  const jobs: readonly Job[] = [...policyJobs({ db, clock, policy }), ...operators.jobs, lookAt(calls, status)];
  const stopJobs = await startJobs(jobs, { log, ended: (name, outcome) => metrics.jobEnded(name, outcome) });
  const stopHealth = health.start();
  emergency.start();
  const door: Door = {
    env,
    log,
    gateway: null,
    brakes: null,
    emergency: null,
    attempts,
    doorSecret: randomBytes(16).toString("hex"),
    metricsToken: env.metricsToken ?? secrets.operatorToken,
    metrics: async () => metrics.text(await calls.askAll<Figures>("figures", null, FIGURES_MS)),
    isDraining,
    ready: () => health.look(),
  };
  const servers = await open(env, door, await next);
  const stop = async (hurried: Promise<void>) => {
    emergency.stop();
    policy.stop();
    stopJobs();
    stopHealth();
    await stopAll({ operators, installation, isDatabaseAway: health.isDatabaseAway, hurried });
  };
  const beginDrain = () => {
    draining.on = true;
  };
  parent.obey(makeExit({ servers, log, openCalls: null, drainMs: 0, beginDrain, stop }));
  await parent.tell({ kind: "ready" });
}

async function followedPolicy({ db, clock, log }: Installation, calls: CallProcesses): Promise<CurrentPolicy> {
  const policy = new CurrentPolicy({ db, clock, log });
  await policy.refresh();
  // In force on every process of this installation before the operator gets an answer.
  policy.onChange(async () => void (await calls.askAll("refresh", null, NEWS_MS)));
  policy.follow(FOLLOW_POLICY_MS);
  return policy;
}

/** Checks once a second whether the processes that serve calls have their store. */
function lookAt(calls: CallProcesses, status: { isStoreAway: boolean }): Job {
  const run = async () => {
    status.isStoreAway = (await calls.ask<CallStatus>("status", null)).isStoreAway;
  };
  return { name: "look-at-calls", everyMs: SECOND_MS, timeoutMs: 10 * SECOND_MS, run };
}

/** The console's requests to the processes that serve calls. */
function askedOf(calls: CallProcesses) {
  return {
    admission: new RemoteAdmission((name, argument, options) => calls.ask(name, argument, options)),
    drainBooks: async () => void (await calls.askAll("drainBooks", null, DRAIN_MS)),
    restores: {
      untold: async () => (await calls.askAll<Restored[]>("untoldRestores", null, FIGURES_MS)).flat(),
      told: async (restored: Restored) => void (await calls.askAll("toldRestore", restored, FIGURES_MS)),
    },
  };
}

function callsSockets(env: Env): string[] {
  return Array.from({ length: callCount(env) }, (_, index) => callsSocket(env.dataDir, index + 1));
}

/** For the processes that serve calls and, if it has its own address, for all clients. */
async function open(env: Env, door: Door, next: Awaited<ReturnType<typeof startNext>>) {
  const inner = makeServer(door, next, { isDev: false, isInner: true });
  const socket = consoleSocket(env.dataDir);
  fs.rmSync(socket, { force: true });
  await new Promise<void>((resolve, reject) => {
    inner.once("error", reject);
    inner.listen({ path: socket, exclusive: true }, resolve);
  });
  fs.chmodSync(socket, OURS_ALONE);
  if (env.consolePort === null) return [inner];
  const outer = makeServer(door, next, { isDev: false });
  await listen(outer, { setting: "CONSOLE_PORT", host: env.host, port: env.consolePort });
  return [inner, outer];
}

async function stopAll(input: {
  operators: Operators;
  installation: Installation;
  isDatabaseAway: boolean;
  hurried: Promise<void>;
}): Promise<void> {
  const { operators, installation, isDatabaseAway, hurried } = input;
  const log: Log = installation.log;
  const steps = [
    operators.steps.first,
    operators.steps.last,
    ...installation.undo.reverse().map((run) => ({ name: "what was opened", run })),
  ];
  const totalMs = isDatabaseAway ? STOP_MS.alone : STOP_MS.whole;
  await stopInSteps(steps, { log, totalMs, hurriedMs: STOP_MS.hurried, hurried });
}

/** For a process that serves no calls. */
function idleFigures(policy: CurrentPolicy): Omit<MetricsSource, "isAuditBroken"> {
  const none = () => 0;
  return {
    openCalls: none,
    waitingCalls: none,
    refills: none,
    policyFaults: none,
    postgresRestarts: none,
    databaseRestores: none,
    waitingByPriority: () => ({}),
    shedPressure: none,
    upstream: () => ({ rooms: {}, closed: 0 }),
    load: () => ({ calls: 0, bodyBytes: 0, bodiesWaiting: 0, turnsWaiting: 0, answersHeld: 0 }),
    policyVersion: () => policy.snapshot.version,
    isStoreAway: () => false,
    isClockOff: () => false,
    areKeysUnchecked: () => false,
    isDatabaseAway: () => false,
    storeFaults: { scripts: new Map(), away: new Map() },
  };
}
