import { randomUUID } from "node:crypto";
import path from "node:path";
import type { Database } from "@/db/client";
import { elsewhere } from "@/db/queries/fleet/fleet";
import { leave, settingOnce } from "@/db/queries/fleet/instances";
import type { Admission } from "@/lib/admission/admission";
import { FallbackAdmission } from "@/lib/admission/fallback/fallback";
import { type Idempotency, MemoryIdempotency, RedisIdempotency } from "@/lib/admission/idempotency";
import { prefixOf, type StoreKeys, storeKeys } from "@/lib/admission/keys";
import { RedisBooks } from "@/lib/admission/leases/book-store";
import { RENEW_MS } from "@/lib/admission/leases/law";
import { LeasedAdmission } from "@/lib/admission/leases/leased";
import { Shares } from "@/lib/admission/leases/shares";
import { KeyUseFile } from "@/lib/admission/memory/key-use-file";
import { MemoryAdmission } from "@/lib/admission/memory/memory";
import { MemoryFile } from "@/lib/admission/memory/memory-file";
import { RedisOffers } from "@/lib/admission/offers/offers";
import { keepIdentity } from "@/lib/admission/redis/identity";
import { probeStore, storeTime } from "@/lib/admission/redis/probe";
import { RedisAdmission } from "@/lib/admission/redis/redis";
import { StormRefusals } from "@/lib/admission/storm-refusals";
import { systemElapsed } from "@/lib/clock";
import type { Env } from "@/lib/env";
import type { StoreFaults } from "@/lib/errors";
import type { Log } from "@/lib/log";
import { connectRedis, type RedisClient } from "@/lib/redis/client";
import { type BrakeBoard, storeBoard } from "../emergency/brake-board";
import type { AgreedClock } from "./agreed-clock";
import { IN_MEMORY, joinInMemory, joinInRedis, mixedFault, storeName } from "./joining";

/** The counters of this process, and the state and tasks of their store. */
export type Counters = {
  readonly admission: Admission;
  readonly idempotency: Idempotency;
  /** for simple limits; null = no separate store */
  readonly shared: { readonly redis: RedisClient["upstash"]; readonly keys: StoreKeys } | null;
  /** the list in which processes share brakes that are not in the database; null = there is one process */
  readonly board: BrakeBoard | null;
  /** how processes learn which waiting call goes next; null = there is one process */
  readonly offers: RedisOffers | null;
  /** the id under which the other processes know it */
  readonly name: string;
  readonly faults: StoreFaults;
  isAway(): boolean;
  isBehind(): boolean;
  /** Whether the store may lack ledger data, before this process has checked. */
  needsFilling(): boolean;
  /** The ledger's data is restored. */
  filled(): void;
  /** Once a second: writes to the store who uses it, and looks for processes that count elsewhere. */
  keep(): Promise<void>;
  stop(): Promise<void>;
};

type Input = {
  readonly env: Env;
  readonly db: Database;
  readonly clock: AgreedClock;
  readonly log: Log;
  readonly undo: (() => Promise<void>)[];
  readonly peers: () => number;
  readonly policyVersion: () => number;
  readonly self: { readonly id: string; readonly release: string };
};

/** The counters: in this process with a copy in DATA_DIR, or in Redis, shared by all processes. Joins the others. */
export async function openCounters(input: Input): Promise<Counters> {
  input.undo.push(() => leave(input.db, input.self.id).catch(() => undefined));
  return input.env.redis === null ? inMemory(input) : inRedis(input, input.env.redis);
}

async function inMemory({ env, db, clock, log, self }: Input): Promise<Counters> {
  await joinInMemory({ db, ...self });
  const admission = new MemoryAdmission(clock);
  const file = new MemoryFile({ store: admission, file: path.join(env.dataDir, "counters.json"), log });
  file.load();
  file.start();
  const uses = new KeyUseFile({ file: path.join(env.dataDir, "idempotency.ndjson"), log });
  return {
    admission,
    idempotency: new MemoryIdempotency(clock, uses),
    shared: null,
    board: null,
    offers: null,
    name: IN_MEMORY,
    faults: { scripts: new Map(), away: new Map() },
    isAway: () => false,
    isBehind: () => false,
    needsFilling: () => false,
    filled: () => undefined,
    keep: strangersLogged({ db, log, id: self.id, store: IN_MEMORY }),
    stop: async () => file.stop(),
  };
}

async function inRedis(input: Input, address: NonNullable<Env["redis"]>): Promise<Counters> {
  const { env, db, clock, log, undo, peers, policyVersion, self } = input;
  const installation = await settingOnce(db, "installation_id", randomUUID());
  const spread = address.kind === "cluster" ? address.tenants : "one server";
  const keys = storeKeys(env.redisPrefix ?? prefixOf(installation), spread);
  const redis = await connectRedis(address, log, env.redisCommandMs === null ? {} : { commandMs: env.redisCommandMs });
  undo.push(redis.close);
  const { tellsTime } = await probeStore(redis);
  if (!tellsTime) log.warn("the store does not give scripts the time: each process uses its own clock");
  const identity = await joinInRedis({ db, ...self, redis, keys, installation });
  const timeOfCalls = () => (tellsTime && !clock.isStoreOff ? -clock.now() : clock.now());
  const shared = new RedisAdmission(redis, keys, timeOfCalls);
  shared.onTimeOff(() => clock.storeIsOff());
  const local = new MemoryAdmission(clock);
  const fallback = new FallbackAdmission({ shared, local, policyVersion, clock, elapsed: systemElapsed, log, peers });
  const leased = spread === "apart" ? await leasedOver(fallback, { ...input, redis, keys }) : null;
  /** the server process that is known to have the ledger's sums; null = none, "" = it has no name */
  let filledOn = redis.server() !== null && identity.server === redis.server() ? identity.server : null;
  redis.onOtherServer(() => {
    filledOn = null;
    shared.distrust();
    log.warn(
      "connected to a different Redis process: its counters are rebuilt from the ledger before calls are admitted",
    );
  });
  // A clock that ran ahead has expired everything with a time to live.
  clock.onStoreOff(() => {
    filledOn = null;
    shared.distrust();
  });
  if (tellsTime && env.hostKind === "server") clock.join({ name: "store", ask: () => storeTime(redis) });
  await clock.look();
  const name = storeName(keys, identity);
  const lookForStrangers = strangersLogged({ db, log, id: self.id, store: name });
  return {
    idempotency: new RedisIdempotency(redis.upstash, keys, clock),
    name,
    faults: redis.faults,
    admission: new StormRefusals(leased?.admission ?? fallback, systemElapsed),
    shared: { redis: redis.upstash, keys },
    board: storeBoard(redis, keys),
    offers: new RedisOffers({ redis, keys, process: self.id, ...(tellsTime ? {} : { now: clock.now }) }),
    isAway: () => fallback.isAway,
    isBehind: () => fallback.isBehind,
    needsFilling: () => filledOn === null,
    filled: () => {
      filledOn = redis.server() ?? "";
    },
    keep: async () => {
      const there = await keepIdentity(redis, keys, { ...identity, server: filledOn ?? "" });
      if (there.id !== identity.id)
        log.error("the store at this address belongs to another installation, or is another store");
      await lookForStrangers();
    },
    stop: async () => leased?.stop(),
  };
}

/** Limits over all tenants together by leased shares, in front of the admission that decides the rest. */
async function leasedOver(
  inner: Admission,
  { env, clock, log, peers, self, redis, keys }: Input & { redis: RedisClient; keys: StoreKeys },
) {
  const local = new MemoryAdmission(clock);
  const store = new RedisBooks(redis, keys);
  const needs = { store, local, holder: self.id, elapsed: systemElapsed, log, peers, callLeaseMs: env.leaseMs };
  const shares = new Shares(needs);
  await shares.start();
  const timer = setInterval(() => void shares.renewAll(), RENEW_MS).unref();
  const stop = async () => {
    clearInterval(timer);
    await shares.leave();
  };
  return { admission: new LeasedAdmission({ inner, local, shares }), stop };
}

/** Detects and reports processes that were cut off from the database while others moved to another store. */
function strangersLogged({ db, log, id, store }: { db: Database; log: Log; id: string; store: string }) {
  let told = "";
  return async () => {
    const [other] = await elsewhere(db, { id, store });
    if (other !== undefined && other.store !== told) log.error(mixedFault(store, other));
    told = other?.store ?? "";
  };
}
