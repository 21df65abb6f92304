import { randomUUID } from "node:crypto";
import { placesSince, writePlace } from "@/db/queries/fleet/upstream-places";
import { systemElapsed } from "@/lib/clock";
import { makeBurnOf } from "@/lib/console/money/burn";
import { providerCredential } from "@/lib/env";
import { SeenBudgets } from "@/lib/gateway/attempt/seen-budgets";
import { shareTokenHistory } from "@/lib/gateway/attempt/share-token-history";
import { TokenHistory } from "@/lib/gateway/attempt/token-history";
import { Bounds } from "@/lib/gateway/bounds/bounds";
import type { Gateway } from "@/lib/gateway/gateway";
import { OwnBooks } from "@/lib/gateway/holder/own-books";
import { KeptObjects } from "@/lib/gateway/kept/kept-objects";
import { billBatches } from "@/lib/gateway/routes/kept/bill-batch";
import { crashedRow, OpenCalls } from "@/lib/gateway/running/open-call";
import { reap, settleRow } from "@/lib/gateway/running/reaper";
import { makeReservedOf } from "@/lib/gateway/running/reserved";
import { StormLine } from "@/lib/gateway/shedding/storm-line";
import { type PlaceStore, Places } from "@/lib/gateway/upstream/places";
import { Rooms } from "@/lib/gateway/upstream/room/rooms";
import { Upstreams } from "@/lib/gateway/upstream/upstreams";
import { queueVitals } from "@/lib/gateway/waiting/queue-vitals";
import { callJobs } from "@/lib/jobs/call-jobs";
import type { Job } from "@/lib/jobs/run-jobs";
import { Books } from "@/lib/ledger/books";
import { Metrics } from "@/lib/metrics";
import { CurrentPolicy } from "@/lib/policy/snapshot/current-policy";
import type { Snapshot } from "@/lib/policy/snapshot/snapshot";
import { SIMULATOR_URL } from "@/lib/providers/catalog";
import { makeCredentialOf } from "@/lib/providers/credential";
import { makeForward } from "@/lib/providers/forward";
import { makeProve } from "@/lib/providers/presets/proofs";
import { startSimulator } from "@/lib/providers/simulator/simulator";
import { Telemetry } from "@/lib/telemetry/telemetry";
import { version as RELEASE } from "@/package.json";
import type { EmergencyBrakes } from "../emergency/emergency-brakes";
import { emergencyOf } from "../emergency/emergency-of";
import { makeHeartbeat } from "../heartbeat";
import { Health } from "../life/health";
import type { StopStep } from "../life/stop-steps";
import { FrontDoor } from "../net/front-door";
import { SettleLater } from "../serverless/settle-later";
import { type Counters, openCounters } from "../store/counters";
import { OlderDatabase, type Restores } from "../store/older-database";
import { Refill } from "../store/refill";
import { figuresOf, seenBy } from "./figures";
import type { Installation } from "./installation";
import { keyRingOf } from "./key-ring";
import { ownKeysOf } from "./own-keys";
import { publisher } from "./publish-policy";
import { scarcityInForce } from "./scarcity-in-force";
import { linesOf, shedderOf } from "./when-scarce";

/** While the store is away, a brake that was set elsewhere is known here after this time. */
const FOLLOW_POLICY_MS = 400;

/** The parts of a process that serve calls: data plane, journal, settlement, reaper. */
export type Calls = {
  readonly gateway: Gateway;
  readonly frontDoor: FrontDoor;
  readonly store: Counters;
  readonly health: Health;
  readonly emergency: EmergencyBrakes;
  /** Resolves when all ended calls are in the books and, without a lasting journal, settled in the store. */
  settled(): Promise<void>;
  /** findings about the database's age that are not yet in the audit log */
  readonly restores: Restores;
  readonly jobs: readonly Job[];
  beginDrain(): void;
  stopTimers(): void;
  /** steps to do before the process exits, in this order */
  readonly steps: {
    readonly leave: StopStep;
    readonly close: readonly StopStep[];
  };
};

/** The number of this process among those of one DATA_DIR. */
export type Place = {
  /** where its journal is; null = no lasting disk, and the store's intents replace it */
  readonly journal: string | null;
  /** journals of processes that are no longer started */
  readonly leftJournals: readonly string[];
  /** known where the console runs */
  readonly isAuditBroken: () => boolean;
};

/** Builds the parts that serve calls. First operators and first configuration must be in the database before. */
export async function bootCalls(installation: Installation, place: Place): Promise<Calls> {
  const { env, db, clock, log, undo } = installation;
  const parts = await partsOf(installation, place);
  const { policy, store, openCalls, waitingLines, shedder, books, health, refill, older, publish, draining } = parts;
  const { admission, places } = parts;
  policy.onChange(async (snapshot) => {
    openCalls.setBrakes(snapshot.brakes, clock.now());
    await publish(snapshot);
  });
  const simulatorUrl = await simulatorFor(await policy.refresh(), undo);
  const tokenHistory = new TokenHistory();
  const sharing = await shareTokenHistory({ db, tokenHistory, log });
  const forwarding = makeForward();
  await places
    .round()
    .catch((error: unknown) => log.warn({ err: error }, "could not read the providers' states; retrying"));
  const gateway = gatewayOf(installation, { ...parts, simulatorUrl, tokenHistory, forward: forwarding.forward });
  await recoverAll(installation, { ...place, gateway });
  openCalls.start(env.leaseMs, clock, log);
  policy.follow(FOLLOW_POLICY_MS);
  const emergency = emergencyOf(installation, { policy, board: store.board, health });
  const heartbeat = heartbeatOf(installation, parts);
  const stopHealth = place.journal === null ? () => undefined : startTimers({ ...parts, emergency });
  return {
    gateway,
    frontDoor: parts.frontDoor,
    store,
    health,
    emergency,
    settled: parts.later?.settled ?? (() => books.drain()),
    restores: older,
    jobs: callJobs({
      reap: async () => {
        await openCalls.beatIfLate(env.leaseMs, clock, log);
        await reap({ admission, books, policy, leaseMs: env.leaseMs });
      },
      // A store that was flushed, or was away during a change, gets the newest policy here.
      keepStore: async () => {
        await publish(policy.snapshot);
        await store.keep();
        if (place.journal === null) await refill.look();
      },
      beat: heartbeat.beat,
      shareTokenHistory: sharing.round,
      sharePlaces: () => places.round(),
      billBatches: () => billBatches(gateway),
    }),
    beginDrain: () => {
      draining.on = true;
      waitingLines.drain();
    },
    stopTimers: () => {
      emergency.stop();
      policy.stop();
      stopHealth();
      refill.stop();
      openCalls.stopTimer();
      shedder.stop();
    },
    steps: {
      leave: { name: "heartbeat", run: heartbeat.leave },
      close: [
        { name: "books", run: () => books.stop() },
        { name: "kept objects", run: () => gateway.kept.stop() },
        { name: "telemetry", run: async () => parts.telemetry?.stop() },
        { name: "token history", run: sharing.stop },
        { name: "store", run: store.stop },
        { name: "connections", run: forwarding.close },
      ],
    },
  };
}

/** Starts the background work, where the process lasts. Returns a function that stops the database polls. */
function startTimers(parts: Parts & { readonly emergency: EmergencyBrakes }): () => void {
  const { books, telemetry, shedder, emergency, refill, health } = parts;
  books.start();
  telemetry?.start();
  shedder.start();
  emergency.start();
  refill.start();
  return health.start();
}

type Parts = Awaited<ReturnType<typeof partsOf>>;

/** The parts of a process that serves calls. None of them runs yet. */
async function partsOf(installation: Installation, place: Place) {
  const { env, db, clock, log, digestSecret, undo } = installation;
  const instanceId = `i_${randomUUID().slice(0, 8)}`;
  const fleet = { alive: env.expectedInstances };
  const peers = () => fleet.alive;
  const policy = new CurrentPolicy({ db, clock, log });
  const policyVersion = () => policy.snapshot.version;
  const self = { id: instanceId, release: RELEASE };
  const store = await openCounters({ env, db, clock, log, undo, peers, self, policyVersion });
  const frontDoor = new FrontDoor({ shared: store.shared, clock, log });
  const scarcity = scarcityInForce(installation, policy);
  const openCalls = new OpenCalls(systemElapsed);
  const waitingLines = linesOf(store, scarcity, peers);
  const keys = keyRingOf(installation, policy);
  const bounds = boundsOf(installation, (bound) => metrics.bounded(bound));
  const places = placesOf(installation);
  const rooms = new Rooms({ admission: store.admission, log });
  const upstreams = new Upstreams({ places, rooms, clock, random: Math.random });
  const shedder = shedderOf(scarcity, { bounds, waitingLines, callsAtOnce: env.bounds.callsAtOnce });
  const metrics: Metrics = new Metrics({
    ...figuresOf(() => ({ openCalls, bounds, waitingLines, shedder, upstreams, policy, keys, refill, health, older })),
    policyVersion,
    isStoreAway: store.isAway,
    storeFaults: store.faults,
    isClockOff: () => clock.isAnyOff,
    isAuditBroken: place.isAuditBroken,
    postgresRestarts: installation.postgresRestarts,
  });
  const telemetry = telemetryOf(installation, instanceId);
  const { books, later, admission } = booksOf(installation, place, { metrics, telemetry, store });
  const draining = { on: false };
  const older = new OlderDatabase({ db, log });
  const isDraining = () => draining.on;
  const health = new Health({ ping: installation.ping, isDraining, isStoreAway: store.isAway, log, database: older });
  const { isBehind } = store;
  const refill = new Refill({ db, admission, books, clock, log, digestSecret, peers, isBehind });
  const publish = publisher({ log, policy, store, refill, older });
  return {
    instanceId,
    fleet,
    policy,
    store,
    frontDoor,
    openCalls,
    waitingLines,
    shedder,
    keys,
    bounds,
    metrics,
    books,
    draining,
    older,
    health,
    refill,
    publish,
    places,
    upstreams,
    telemetry,
    admission,
    later,
  };
}

function boundsOf({ env }: Installation, refused: (bound: string) => void): Bounds {
  return new Bounds(env.bounds, () => performance.now(), refused);
}

/** The books, and the admission that settles by them. Without a lasting journal it settles after the ledger rows. */
function booksOf(
  { db, log, clock }: Installation,
  { journal: folder }: Place,
  { metrics, telemetry, store }: { metrics: Metrics; telemetry: Telemetry | null; store: Counters },
) {
  const books = new Books({ folder, db, log, clock, seen: seenBy(metrics, telemetry) });
  const later = folder === null ? new SettleLater({ admission: store.admission, books, log }) : null;
  return { books, later, admission: later ?? store.admission };
}

type GatewayParts = Parts & Pick<Gateway, "simulatorUrl" | "tokenHistory" | "forward">;

function gatewayOf(installation: Installation, parts: GatewayParts): Gateway {
  const { env, db, clock, log, digestSecret, vault } = installation;
  const { instanceId, policy, store, frontDoor, openCalls, waitingLines, keys, bounds, metrics, books } = parts;
  return {
    admission: parts.admission,
    policy,
    books,
    kept: new KeptObjects(db),
    ownBooks: new OwnBooks({ db, books, clock }),
    rotateKey: ownKeysOf(installation, policy),
    openCalls,
    bounds,
    clock,
    elapsed: systemElapsed,
    log,
    metrics,
    forward: parts.forward,
    keys,
    traced: parts.telemetry === null ? null : parts.telemetry.begun,
    simulatorUrl: parts.simulatorUrl,
    upstreams: parts.upstreams,
    random: Math.random,
    instanceId,
    seenBudgets: new SeenBudgets(clock),
    waitingLines,
    shedding: parts.shedder.shedding,
    withoutUsage: new Set<string>(),
    tokenHistory: parts.tokenHistory,
    idempotency: store.idempotency,
    reservedOf: makeReservedOf({ policy, digestSecret }),
    burnOf: makeBurnOf({ db, policy, clock }),
    credentialOf: makeCredentialOf({ unseal: vault.unseal, hosts: env.credentialHosts, read: providerCredential }),
    prove: makeProve({ forward: parts.forward, clock }),
    leaseMs: env.leaseMs,
    upstream: env.upstream,
    digestSecret,
    countFailedKey: (address) => frontDoor.count("failed_key", address),
    isDraining: () => parts.draining.on,
    storms: new StormLine(systemElapsed),
  };
}

/** Registers this process as alive, and counts the others. */
function heartbeatOf({ env, db, clock }: Installation, parts: Parts) {
  const { instanceId, policy, openCalls, waitingLines, shedder, metrics, store, fleet } = parts;
  const vitals = () => ({
    release: RELEASE,
    openCalls: openCalls.size,
    decisionP95Ms: metrics.decisionP95Ms(clock.now()),
    isStoreAway: store.isAway(),
    store: store.name,
    queue: queueVitals({
      waitingLines,
      shedding: shedder.shedding,
      elapsed: systemElapsed,
      shedCalls: (priority) => metrics.shedCalls(priority),
    }),
  });
  const onAlive = (alive: number) => {
    fleet.alive = Math.max(env.expectedInstances, alive);
  };
  return makeHeartbeat({ db, instanceId, policy, vitals, onAlive });
}

/** If the catalogue has the simulator, it starts with the process. */
async function simulatorFor({ models }: Snapshot, undo: Installation["undo"]): Promise<string | null> {
  if (![...models.values()].some((model) => model.provider.baseUrl === SIMULATOR_URL)) return null;
  const simulator = await startSimulator(0);
  undo.push(simulator.close);
  return simulator.url;
}

/** Settles the calls in the journals of earlier processes before anything is served. */
async function recoverAll(
  { db, log, clock }: Installation,
  { gateway, leftJournals }: Place & { gateway: Gateway },
): Promise<void> {
  const others = leftJournals.map((folder) => new Books({ folder, db, log, clock }));
  for (const books of [gateway.books, ...others]) {
    for (const row of await books.recover(crashedRow)) await settleRow(gateway.admission, row);
  }
  for (const books of others) await books.stop();
}

/** Null unless a collector is configured. */
function telemetryOf({ env, clock, log }: Installation, instance: string): Telemetry | null {
  if (env.telemetry === null) return null;
  return new Telemetry({ settings: env.telemetry, instance, release: RELEASE, clock, log });
}

/** The fleet's knowledge of its providers; nothing is read yet. */
function placesOf({ db, clock, log }: Installation): Places {
  const since = (moment: Date) => placesSince(db, moment);
  const write: PlaceStore["write"] = (place) => writePlace(db, place);
  return new Places({ store: { since, write }, clock, log });
}
