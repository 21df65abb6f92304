import { randomBytes, randomUUID } from "node:crypto";
import path from "node:path";
import { holdAlone } from "@/db/alone";
import { type Database, type OpenDatabase, openDatabase } from "@/db/client";
import { type KeptPostgres, keepEmbeddedPostgres } from "@/db/embedded/keeper";
import { asAppRole } from "@/db/open/app-role";
import type { LedgerInsert } from "@/db/queries/books/record";
import { settingOnce } from "@/db/queries/fleet/instances";
import { findKeys } from "@/db/queries/limits/config";
import { Deliveries } from "@/lib/alerts/deliver";
import { Bounded } from "@/lib/audit/bounded";
import { systemClock, systemElapsed } from "@/lib/clock";
import { makeAuth } from "@/lib/console/access/auth";
import { liveFacts } from "@/lib/console/alerts/alert-facts";
import { type Console, setCurrentConsole } from "@/lib/console/kernel/console";
import { makeBurnOf } from "@/lib/console/money/burn";
import { Pace } from "@/lib/console/overview/pace";
import { type Env, providerCredential } from "@/lib/env";
import { BootFault } from "@/lib/errors";
import { Experience } from "@/lib/gateway/attempt/experience";
import { SeenBudgets } from "@/lib/gateway/attempt/seen-budgets";
import { shareExperience } from "@/lib/gateway/attempt/share-experience";
import { Bounds } from "@/lib/gateway/bounds/bounds";
import { mintKey } from "@/lib/gateway/caller/api-key";
import { KeyRing } from "@/lib/gateway/caller/principal";
import { setCurrentGateway } from "@/lib/gateway/current";
import type { Gateway } from "@/lib/gateway/gateway";
import { makeHoldsOf } from "@/lib/gateway/running/holds";
import { crashedRow, OpenCalls } from "@/lib/gateway/running/open-call";
import { reap, settleRow } from "@/lib/gateway/running/reaper";
import { WaitingLines } from "@/lib/gateway/waiting/waiting-lines";
import { backgroundJobs } from "@/lib/jobs/jobs";
import { startJobs } from "@/lib/jobs/run-jobs";
import { Books } from "@/lib/ledger/books";
import { type Log, makeLog } from "@/lib/log";
import { Metrics } from "@/lib/metrics";
import { CurrentPolicy } from "@/lib/policy/snapshot/current";
import type { Snapshot } from "@/lib/policy/snapshot/snapshot";
import { SIMULATOR_URL } from "@/lib/providers/catalog";
import { makeCredentialOf } from "@/lib/providers/credential";
import { makeForward } from "@/lib/providers/forward";
import { startSimulator } from "@/lib/providers/simulator/simulator";
import { makeVault } from "@/lib/providers/vault";
import { within } from "@/lib/within";
import { version as RELEASE } from "@/package.json";
import { keepAudit, openAudit } from "./audit/keep-audit";
import { derived, lockDataDir, ownSecrets, prepareDataDir, type Secrets } from "./data-dir";
import { type Credentials, seedWhenEmpty } from "./demo";
import { makeHeartbeat } from "./heartbeat";
import { Health, type Readiness } from "./life/health";
import { stopInSteps } from "./life/stop-steps";
import { FrontDoor } from "./net/front-door";
import { openCounters } from "./store/counters";
import { OlderDatabase } from "./store/older-database";
import { Refill } from "./store/refill";

/** With the store away this is how soon a brake set elsewhere is known here. */
const FOLLOW_POLICY_MS = 400;
/** What a call may wait for the database before it is served by what is known here. */
const CALL_WAITS_MS = 1000;
/** All of the stop after the calls have ended; without a database that answers; with a second signal, from that on. */
const STOP_MS = { whole: 10_000, alone: 3000, hurried: 500 };

export type Running = {
  readonly env: Env;
  readonly log: Log;
  readonly gateway: Gateway;
  readonly frontDoor: FrontDoor;
  /** Marks headers that our own server set in front of Next. */
  readonly doorSecret: string;
  /** Its holder may read the metrics. */
  readonly metricsToken: string;
  readonly credentials: Credentials | null;
  ready(): Promise<Readiness>;
  beginDrain(): void;
  /**
   * Stops everything in the order that loses nothing: calls, books, counters, connections, database. Takes ten seconds at
   * most, three with the database away, or half a second from when `hurried` resolves.
   */
  stop(hurried?: Promise<void>): Promise<void>;
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
  const { db, postgres } = opened;
  await checkFingerprint(db, derived(secrets.keyPepper, "fingerprint"));
  const vault = makeVault([env.credentialsKey ?? derived(secrets.keyPepper, "vault"), ...env.earlierCredentialsKeys]);
  const auth = makeAuth({ db, secret: secrets.authSecret, publicUrl: env.publicUrl, oidc: env.oidc, log });
  const isEmbedded = env.databaseUrl === null;
  const credentials = await seedWhenEmpty({ db, auth, env, secrets, wantsDemo: isEmbedded || options.seedDemo });
  const clock = systemClock;
  const policy = new CurrentPolicy({ db, clock, log });
  const fleet = { alive: env.expectedInstances };
  const instanceId = `i_${randomUUID().slice(0, 8)}`;
  const peers = () => fleet.alive;
  const self = { id: instanceId, release: RELEASE };
  const store = await openCounters({
    env,
    db,
    clock,
    log,
    undo,
    peers,
    self,
    policyVersion: () => policy.snapshot.version,
  });
  const { admission } = store;
  const frontDoor = new FrontDoor({ shared: store.shared, clock, log });
  const openCalls = new OpenCalls(systemElapsed);
  const bounds = new Bounds(
    env.bounds,
    () => performance.now(),
    (bound) => metrics.bounded(bound),
  );
  const waitingLines = new WaitingLines();
  const metrics = new Metrics({
    openCalls: () => openCalls.size,
    load: () => bounds.load,
    waitingCalls: () => waitingLines.size,
    policyVersion: () => policy.snapshot.version,
    policyFaults: (effect) => policy.snapshot.faults.filter((one) => one.effect === effect).length,
    isStoreAway: store.isAway,
    areKeysUnchecked: () => gateway.keys.isAway,
    storeFaults: store.faults,
    refills: () => refill.count,
    isDatabaseAway: () => health.isDatabaseAway,
    databaseRestores: () => older.restores,
    isAuditBroken: () => audit.fault !== null,
    postgresRestarts: () => postgres?.restarts() ?? 0,
  });
  const seen = {
    row: (row: LedgerInsert) => metrics.ended(row),
    refusal: (code: string) => metrics.refused(code),
    aside: (what: string) => metrics.setAside(what),
    failed: (what: string) => metrics.booksFailed(what),
  };
  const books = new Books({ folder: path.join(env.dataDir, "journal"), db, log, clock, seen });
  const forwarding = makeForward();
  const draining = { on: false };
  const older = new OlderDatabase({ db, log });
  const health = new Health({
    ...{ ping: opened.ping, isDraining: () => draining.on, isStoreAway: store.isAway, log },
    database: older,
  });
  const digestSecret = derived(secrets.keyPepper, "digest");
  const refill = new Refill({ db, admission, books, clock, log, digestSecret, peers, isBehind: store.isBehind });
  const publish = onceAtATime(async (snapshot: Snapshot) => {
    const before = refill.count;
    try {
      const fill = () => refill.fill(snapshot);
      const newest = await admission.publish(snapshot.version, [...snapshot.tenants.keys()], fill);
      if (store.needsFilling() && refill.count === before) await refill.fill(snapshot);
      store.filled();
      if (await older.overtake({ published: newest, own: snapshot.version })) await policy.refresh();
    } catch (error) {
      // The others learn of it from the database within a second; the next heartbeat tells the store again.
      log.warn({ err: error }, "the new policy could not be published to the store");
    }
  });
  policy.onChange(async (snapshot) => {
    await publish(snapshot);
    openCalls.setBrakes(snapshot.brakes, clock.now());
  });
  const { models } = await policy.refresh();
  // An installation with the simulator in its catalogue gets it with the process.
  const isSimulated = [...models.values()].some((model) => model.provider.baseUrl === SIMULATOR_URL);
  const simulator = isSimulated ? await startSimulator(0) : null;
  if (simulator !== null) undo.push(simulator.close);
  const holdsOf = makeHoldsOf({ policy, digestSecret });
  const burnOf = makeBurnOf({ db, policy, clock });
  const experience = new Experience();
  const sharing = await shareExperience({ db, experience, log });
  const gateway: Gateway = {
    ...{
      admission,
      policy,
      books,
      openCalls,
      bounds,
      clock,
      elapsed: systemElapsed,
      log,
      metrics,
      forward: forwarding.forward,
    },
    keys: new KeyRing({
      findKeys: (ids) => within(CALL_WAITS_MS, findKeys(db, ids)),
      clock,
      log,
      policy,
      pepper: secrets.keyPepper,
    }),
    simulatorUrl: simulator?.url ?? null,
    random: Math.random,
    instanceId,
    seenBudgets: new SeenBudgets(clock),
    waitingLines,
    withoutUsage: new Set<string>(),
    experience,
    idempotency: store.idempotency,
    holdsOf,
    burnOf,
    credentialOf: makeCredentialOf({ unseal: vault.unseal, hosts: env.credentialHosts, read: providerCredential }),
    leaseMs: env.leaseMs,
    upstream: env.upstream,
    digestSecret,
    countFailedKey: (address) => frontDoor.count("failed_key", address),
    isDraining: () => draining.on,
  };
  const doorSecret = randomBytes(16).toString("hex");

  const crashed = await books.recover(crashedRow);
  for (const row of crashed) await settleRow(admission, row);
  const reapOnce = async () => {
    await openCalls.beatIfLate(env.leaseMs, clock, log);
    await reap({ admission, books, policy, leaseMs: env.leaseMs });
  };
  books.start();
  openCalls.start(env.leaseMs, clock, log);
  policy.follow(FOLLOW_POLICY_MS);
  const onAlive = (alive: number) => {
    fleet.alive = Math.max(env.expectedInstances, alive);
  };
  const vitals = () => ({
    release: RELEASE,
    openCalls: openCalls.size,
    decisionP95Ms: metrics.decisionP95Ms(clock.now()),
    isStoreAway: store.isAway(),
    store: store.name,
  });
  // A store that was flushed, or was away while something changed, learns the newest policy here.
  const keepStore = async () => {
    await publish(policy.snapshot);
    await older.tell(context);
    await store.keep();
  };
  refill.start();
  const heartbeat = makeHeartbeat({ db, instanceId, policy, vitals, onAlive });
  setCurrentGateway({ gateway, doorSecret });
  const auditKey = derived(secrets.keyPepper, "audit");
  const audit = openAudit({ env, keyPepper: secrets.keyPepper, chainKey: auditKey, clock, log });
  await audit.begin(db);
  const bounded = new Bounded(clock);
  const context: Console = {
    ...{ db, policy, admission, auth, clock, log, digestSecret, holdsOf, burnOf },
    ...{ auditKey, audit, bounded },
    attempts: frontDoor,
    seal: vault.seal,
    credentialHosts: env.credentialHosts,
    mintKey: (environment) => mintKey(environment, secrets.keyPepper),
    operatorToken: secrets.operatorToken,
    publicUrl: env.publicUrl,
    installation: {
      ...{ release: RELEASE, ledgerDays: env.ledgerDays, leaseSeconds: env.leaseMs / 1000 },
      store: env.redis === null ? "memory" : env.redis.kind === "rest" ? "upstash" : "redis",
      ...{ expectedInstances: env.expectedInstances, oidcName: env.oidc?.name ?? null },
    },
    drainBooks: () => books.drain(),
    pace: new Pace(),
  };
  setCurrentConsole(context);
  const live = liveFacts(context, store.isAway);
  const deliveries = new Deliveries({ db, clock, unseal: vault.unseal, log });
  const keeping = keepAudit({ context, auditDays: env.auditDays });
  const stopHealth = health.start();
  const jobs = backgroundJobs({
    ...{ context, live, deliveries, reap: reapOnce, keepStore },
    beat: heartbeat.beat,
    shareExperience: sharing.round,
  });
  const stopJobs = await startJobs(jobs, { log, ended: (name, outcome) => metrics.jobEnded(name, outcome) });

  return {
    ...{ env, log, gateway, doorSecret, credentials, frontDoor },
    metricsToken: env.metricsToken ?? secrets.operatorToken,
    ready: () => health.look(),
    beginDrain: () => {
      draining.on = true;
    },
    stop: async (hurried = new Promise<void>(() => undefined)) => {
      policy.stop();
      stopJobs();
      stopHealth();
      refill.stop();
      openCalls.stopTimer();
      const steps = [
        { name: "deliveries", run: () => deliveries.stop() },
        { name: "heartbeat", run: heartbeat.leave },
        { name: "audit", run: keeping.stop },
        { name: "books", run: () => books.stop() },
        { name: "experience", run: sharing.stop },
        { name: "store", run: store.stop },
        { name: "connections", run: forwarding.close },
        ...undo.reverse().map((run) => ({ name: "what was opened", run })),
      ];
      const totalMs = health.isDatabaseAway ? STOP_MS.alone : STOP_MS.whole;
      await stopInSteps(steps, { log, totalMs, hurriedMs: STOP_MS.hurried, hurried });
    },
  };
}

/** Who asks for a version that is being published already waits for that; nobody waits for an older one. */
function onceAtATime(work: (snapshot: Snapshot) => Promise<void>): (snapshot: Snapshot) => Promise<void> {
  const running = new Map<number, Promise<void>>();
  return (snapshot) => {
    const { version } = snapshot;
    const known = running.get(version) ?? work(snapshot).finally(() => running.delete(version));
    running.set(version, known);
    return known;
  };
}

/** Keys made under another pepper would all be void: better not to start than to refuse every caller. */
async function checkFingerprint(db: Database, fingerprint: string): Promise<void> {
  if ((await settingOnce(db, "pepper_fingerprint", fingerprint)) === fingerprint) return;
  throw new BootFault(
    "KEY_PEPPER: this database's keys were made with another one; set it, or copy DATA_DIR/secrets.json",
  );
}

async function openStores(
  env: Env,
  log: Log,
  tell: (step: string) => void,
  undo: (() => Promise<void>)[],
): Promise<OpenDatabase & { postgres: KeptPostgres | null }> {
  let [url, ownerUrl] = [env.databaseUrl, env.databaseOwnerUrl];
  let postgres: KeptPostgres | null = null;
  if (url === null) {
    tell("starting the embedded PostgreSQL");
    postgres = await keepEmbeddedPostgres({ dataDir: env.dataDir, log });
    undo.push(postgres.stop);
    ownerUrl = postgres.url;
    url = asAppRole(ownerUrl);
  }
  tell("bringing the database schema up to date");
  const opened = await openDatabase({ url, ownerUrl, log });
  undo.push(opened.close);
  if (env.redis === null) {
    const sole = await holdAlone(url, log);
    undo.push(sole.release);
  }
  return { ...opened, postgres };
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
