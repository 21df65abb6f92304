import { randomBytes, randomUUID } from "node:crypto";
import path from "node:path";
import { holdAlone, type OpenDatabase, openDatabase } from "@/db/client";
import { startEmbeddedPostgres } from "@/db/embedded/postgres";
import type { Admission } from "@/lib/admission/admission";
import { MemoryAdmission } from "@/lib/admission/memory";
import { MemoryFile } from "@/lib/admission/memory-file";
import { systemClock } from "@/lib/clock";
import { makeAuth } from "@/lib/console/auth";
import { setCurrentConsole } from "@/lib/console/console";
import type { Env } from "@/lib/env";
import { setCurrentGateway } from "@/lib/gateway/current";
import type { Gateway } from "@/lib/gateway/gateway";
import { crashedRow, OpenCalls } from "@/lib/gateway/open-call";
import { KeyRing } from "@/lib/gateway/principal";
import { reap, settleRow } from "@/lib/gateway/reaper";
import { Books } from "@/lib/ledger/books";
import { type Log, makeLog } from "@/lib/log";
import { CurrentPolicy } from "@/lib/policy/current";
import { SIMULATOR_URL } from "@/lib/providers/catalog";
import { makeForward } from "@/lib/providers/forward";
import { startSimulator } from "@/lib/providers/simulator/simulator";
import { lockDataDir, ownSecrets, prepareDataDir, type Secrets } from "./data-dir";
import { type Credentials, seedWhenEmpty } from "./demo";

const FOLLOW_POLICY_MS = 1000;
const REAP_EVERY_MS = 2000;

export type Running = {
  readonly env: Env;
  readonly log: Log;
  readonly gateway: Gateway;
  /** Marks headers that our own server set in front of Next. */
  readonly doorSecret: string;
  readonly credentials: Credentials | null;
  ready(): Promise<boolean>;
  beginDrain(): void;
  /** Stops everything in the order that loses nothing: calls, books, counters, connections, database. */
  stop(): Promise<void>;
};

/** Builds the whole process from its environment. Throws BootFault with one clear line when it cannot run. */
export async function boot(env: Env, options: { seedDemo: boolean; tell: (step: string) => void }): Promise<Running> {
  const log = makeLog(env.logLevel);
  prepareDataDir(env.dataDir);
  const lock = await lockDataDir(env.dataDir);
  const undo: (() => Promise<void>)[] = [lock.release];
  try {
    return await assemble(env, log, options, undo);
  } catch (error) {
    for (const step of undo.reverse()) await step();
    throw error;
  }
}

async function assemble(
  env: Env,
  log: Log,
  options: { seedDemo: boolean; tell: (step: string) => void },
  undo: (() => Promise<void>)[],
): Promise<Running> {
  const secrets = withEnv(ownSecrets(env.dataDir), env);
  const opened = await openStores(env, log, options.tell, undo);
  const { db } = opened;
  const auth = makeAuth({ db, secret: secrets.authSecret, publicUrl: env.publicUrl });
  const isEmbedded = env.databaseUrl === null;
  const credentials = await seedWhenEmpty({ db, auth, env, secrets, wantsDemo: isEmbedded || options.seedDemo });
  const clock = systemClock;
  const policy = new CurrentPolicy({ db, clock, log });
  const memory = new MemoryAdmission(clock);
  const admission: Admission = memory;
  const memoryFile = new MemoryFile({ store: memory, file: path.join(env.dataDir, "counters.json"), log });
  const books = new Books({ folder: path.join(env.dataDir, "journal"), db, log, clock });
  const openCalls = new OpenCalls();
  const forwarding = makeForward();
  const draining = { on: false };
  policy.onChange(async (snapshot) => {
    await admission.publish(snapshot.version, [...snapshot.tenants.keys()]);
    openCalls.setBrakes(snapshot.brakes, clock.now());
  });
  memoryFile.load();
  const { models } = await policy.refresh();
  // Whoever has the simulator in the catalogue gets it with the process.
  const isSimulated = [...models.values()].some((model) => model.provider.baseUrl === SIMULATOR_URL);
  const simulator = isSimulated ? await startSimulator(0) : null;
  if (simulator !== null) undo.push(simulator.close);
  const gateway: Gateway = {
    ...{ admission, policy, books, openCalls, clock, log, forward: forwarding.forward },
    keys: new KeyRing({ db, clock, policy, pepper: secrets.keyPepper }),
    simulatorUrl: simulator?.url ?? null,
    random: Math.random,
    instanceId: `i_${randomUUID().slice(0, 8)}`,
    leaseMs: env.leaseMs,
    upstream: env.upstream,
    digestSecret: secrets.digestSecret,
    isDraining: () => draining.on,
  };
  const doorSecret = randomBytes(16).toString("hex");

  const crashed = await books.recover(crashedRow);
  for (const row of crashed) await settleRow(admission, row);
  const reapOnce = () => reap({ admission, books, policy, leaseMs: env.leaseMs, log });
  memoryFile.start();
  books.start();
  openCalls.start(env.leaseMs, clock, log);
  policy.follow(FOLLOW_POLICY_MS);
  const reaper = setInterval(() => void reapOnce(), REAP_EVERY_MS).unref();
  setCurrentGateway({ gateway, doorSecret });
  setCurrentConsole({
    ...{ db, policy, admission, auth, clock, log, auditKey: secrets.auditKey, digestSecret: secrets.digestSecret },
    operatorToken: secrets.operatorToken,
    publicUrl: env.publicUrl,
    drainBooks: () => books.drain(),
  });

  return {
    ...{ env, log, gateway, doorSecret, credentials },
    ready: async () =>
      !draining.on &&
      (await opened.ping().then(
        () => true,
        () => false,
      )),
    beginDrain: () => {
      draining.on = true;
    },
    stop: async () => {
      policy.stop();
      clearInterval(reaper);
      openCalls.stopTimer();
      await books.stop();
      memoryFile.stop();
      await forwarding.close();
      for (const step of undo.reverse()) await step();
    },
  };
}

async function openStores(
  env: Env,
  log: Log,
  tell: (step: string) => void,
  undo: (() => Promise<void>)[],
): Promise<OpenDatabase> {
  let url = env.databaseUrl;
  if (url === null) {
    tell("starting the embedded PostgreSQL");
    const postgres = await startEmbeddedPostgres(env.dataDir);
    undo.push(postgres.stop);
    url = postgres.url;
  }
  tell("bringing the database schema up to date");
  const opened = await openDatabase({ url, log });
  undo.push(opened.close);
  const sole = await holdAlone(url, log);
  undo.push(sole.release);
  return opened;
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
