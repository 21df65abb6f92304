import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AppliedLimit, plan } from "@/lib/limits/plan";
import { NO_AMOUNTS } from "@/lib/limits/rules/dimensions";
import { makeLog } from "@/lib/log";
import { connectRedis, type RedisClient } from "@/lib/redis/client";
import { RedisServer } from "../../../e2e/fixtures/redis-server";
import { scriptsUnderTest } from "../../../e2e/mutants/mutants";
import { storeKeys } from "../keys";
import { admissionSuite } from "../suites/admission.suite";
import { lawSuite } from "../suites/law.suite";
import { toldSuite } from "../suites/told.suite";
import { probeStore } from "./probe";
import { RedisAdmission } from "./redis";

const KEYS = storeKeys("test");

let server: RedisServer;
let client: RedisClient;
let admin: Redis;
beforeAll(async () => {
  server = await RedisServer.run();
  client = await connectRedis({ kind: "resp", url: server.url }, makeLog("silent"), { commandMs: 2000 });
  admin = new Redis(server.url);
});
afterAll(async () => {
  await client.close();
  admin.disconnect();
  await server.stop();
});

admissionSuite("Redis over RESP", async (clock) => {
  await admin.flushall();
  return new RedisAdmission(client, KEYS, clock.now, scriptsUnderTest());
});

toldSuite("Redis over RESP", async (clock) => {
  await admin.flushall();
  const store = new RedisAdmission(client, KEYS, clock.now, scriptsUnderTest());
  await store.publish(1, ["acme"]);
  return store;
});

lawSuite(
  "Redis over RESP",
  async (clock) => {
    await admin.flushall();
    return new RedisAdmission(client, KEYS, clock.now, scriptsUnderTest());
  },
  60,
);

test("a store that refuses TIME to scripts is noticed at the start, and one clock still decides", async () => {
  expect(await probeStore(client)).toEqual({ tellsTime: true });
  await admin.acl("SETUSER", "timeless", "on", "nopass", "~*", "+@all", "-time");
  const address = new URL(server.url);
  address.username = "timeless";
  address.password = "x";
  const timeless = await connectRedis({ kind: "resp", url: address.href }, makeLog("silent"), { commandMs: 2000 });
  expect(await probeStore(timeless)).toEqual({ tellsTime: false });
  await timeless.close();
});

test("a store that is emptied while it is filled is filled again before it admits anything", async () => {
  await admin.flushall();
  // A clock that stands: no day ends within the test.
  const at = Date.now();
  const store = new RedisAdmission(client, KEYS, () => at);
  const day: AppliedLimit = {
    limitId: "l",
    layer: "tenant",
    dimension: "total_tokens",
    subject: "t:acme:tenant",
    slotId: "day",
    counter: "t:acme:tenant#day",
    observe: false,
    rule: { algorithm: "fixed_window", capacity: 60, refill: 60, periodMs: 86_400_000, credit: 0, bounds: null },
  };
  let rounds = 0;
  await store.publish(3, ["acme"], async () => {
    rounds += 1;
    await store.raise([{ limit: day, used: 7, usedBefore: 0 }]);
    // Simulates one flush at this moment.
    if (rounds === 1) await admin.flushall();
    return 3;
  });
  expect(rounds).toBe(2);
  expect((await store.peek([day])).states[0]?.used).toBe(7);
  // Another process that did the same at the same moment finds it done.
  const other = new RedisAdmission(client, KEYS);
  await other.publish(3, ["acme"], async () => {
    throw new Error("everything is there");
  });
});

test("what a process restored before the store was emptied does not pass for whole because it restores again meanwhile", async () => {
  await admin.flushall();
  const store = new RedisAdmission(client, KEYS);
  const step = () => {
    let go: () => void = () => undefined;
    const done = new Promise<void>((resolve) => {
      go = resolve;
    });
    return { done, go };
  };
  const [begun, emptied, begunAgain, restored] = [step(), step(), step(), step()];
  let rounds = 0;
  const first = store.publish(3, ["acme"], async () => {
    rounds += 1;
    begun.go();
    if (rounds === 1) await emptied.done;
    return 3;
  });
  await begun.done;
  await admin.flushall();
  const second = store.publish(4, ["acme"], async () => {
    begunAgain.go();
    await restored.done;
    return 4;
  });
  await begunAgain.done;
  emptied.go();
  await first;
  restored.go();
  await second;
  expect(rounds).toBe(2);
});

describe("a store that went back in time", () => {
  const PUBLISHED_EVERY = 1000;
  const plans = [
    plan({
      candidate: "c",
      amounts: { ...NO_AMOUNTS, total_tokens: 10 },
      limits: [
        {
          limitId: "l",
          layer: "tenant",
          dimension: "total_tokens",
          subject: "t:acme:tenant",
          slotId: "day",
          counter: "t:acme:tenant#day",
          observe: false,
          rule: { algorithm: "fixed_window", capacity: 60, refill: 60, periodMs: 86_400_000, credit: 0, bounds: null },
        },
      ],
    }),
  ];
  const call = { tenantId: "acme", caller: "c", plans, brake: null, policyVersion: 1, leaseMs: 15_000, intent: "" };

  /** Everything in the store, and how to restore it. */
  async function snapshot(): Promise<() => Promise<void>> {
    const keys = await admin.keys("*");
    const dumps = await Promise.all(keys.map((key) => admin.dumpBuffer(key)));
    const lives = await Promise.all(keys.map((key) => admin.pttl(key)));
    return async () => {
      await admin.flushall();
      for (const [index, key] of keys.entries()) {
        await admin.restore(key, Math.max(0, lives[index] ?? 0), dumps[index] ?? Buffer.alloc(0));
      }
    };
  }

  async function setUp(processes: number) {
    await admin.flushall();
    const time = { at: Math.floor(Date.now() / 86_400_000) * 86_400_000 + 3_600_000 };
    const stores = Array.from({ length: processes }, () => new RedisAdmission(client, KEYS, () => time.at));
    const fills: number[] = [];
    const publish = async (index: number, version = 1) =>
      stores[index]?.publish(version, ["acme"], async () => {
        fills.push(index);
        return version;
      });
    const pass = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += PUBLISHED_EVERY) {
        time.at += PUBLISHED_EVERY;
        for (const index of stores.keys()) await publish(index);
      }
    };
    let serial = 0;
    const ask = async (index: number) => (await stores[index]?.admit({ ...call, requestId: `r${serial++}` }))?.kind;
    for (const index of stores.keys()) await publish(index);
    return { time, stores, fills, publish, pass, ask };
  }

  test("is noticed by the next admission of every process, and admits nothing before it is filled", async () => {
    const { stores, fills, publish, pass, ask } = await setUp(2);
    const goBack = await snapshot();
    await pass(10_000);
    expect(await ask(0)).toBe("admit");
    expect(fills).toEqual([0]);
    await goBack();
    expect([await ask(0), await ask(1)]).toEqual(["stale", "stale"]);
    expect(await stores[0]?.admit({ ...call, requestId: "emptied" })).toEqual({ kind: "stale", isEmptied: true });
    await publish(1);
    expect(fills).toEqual([0, 1]);
    expect([await ask(0), await ask(1)]).toEqual(["admit", "admit"]);
    await publish(0);
    expect(fills).toEqual([0, 1]);
  });

  test("is noticed by a process whose clock is an hour behind the others'", async () => {
    const { time, stores, fills, ask } = await setUp(1);
    const late = new RedisAdmission(client, KEYS, () => time.at - 3_600_000);
    const whenNew = async () => 1;
    await late.publish(1, ["acme"], whenNew);
    const goBack = await snapshot();
    for (let second = 0; second < 10; second++) {
      time.at += PUBLISHED_EVERY;
      await stores[0]?.publish(1, ["acme"], whenNew);
      await late.publish(1, ["acme"], whenNew);
    }
    await goBack();
    expect((await late.admit({ ...call, requestId: "late" })).kind).toBe("stale");
    expect([await ask(0), fills]).toEqual(["stale", [0]]);
  });

  test("its policy version is not believed: a database that is older too is not locked out", async () => {
    const { stores, pass, publish } = await setUp(1);
    await publish(0, 9);
    const goBack = await snapshot();
    await pass(10_000);
    await goBack();
    await stores[0]?.publish(4, ["acme"], async () => 4);
    expect((await stores[0]?.admit({ ...call, policyVersion: 4, requestId: "v4" }))?.kind).toBe("admit");
    expect(await stores[0]?.admit({ ...call, requestId: "older" })).toEqual({ kind: "stale" });
  });

  test("another server is not trusted, however fresh its copy is, until a process has filled it", async () => {
    const { stores, fills, publish, ask } = await setUp(2);
    for (const store of stores) store.distrust();
    expect([await ask(0), await ask(1)]).toEqual(["stale", "stale"]);
    await publish(0);
    expect(await ask(0)).toBe("admit");
    await publish(1);
    expect([await ask(1), fills]).toEqual(["admit", [0, 0]]);
  });
});

test("reading three limits of each of 3,000 tenants delays no call: later calls are decided before it ends", async () => {
  await admin.flushall();
  const store = new RedisAdmission(client, KEYS);
  await store.publish(1, ["acme"]);
  const limitOf = (tenant: string, dimension: AppliedLimit["dimension"]): AppliedLimit => {
    const slotId = `${dimension}|x`;
    const rule = { algorithm: "token_bucket", capacity: 60, refill: 60, periodMs: 60_000, credit: 0 } as const;
    return {
      limitId: slotId,
      slotId,
      subject: `t:${tenant}`,
      counter: `t:${tenant}#${slotId}`,
      layer: "tenant",
      dimension,
      rule: { ...rule, bounds: null },
      observe: false,
    };
  };
  const dimensions = ["requests", "total_tokens", "cost_micro_usd"] as const;
  const all = Array.from({ length: 3000 }, (_, nth) => dimensions.map((one) => limitOf(`tenant${nth}`, one))).flat();
  const ended: string[] = [];
  const look = store.peek(all).then(({ states }) => {
    ended.push("look");
    return states;
  });
  const limits = [limitOf("acme", "requests")];
  for (let call = 0; call < 5; call++) {
    const plans = [plan({ candidate: "c", limits, amounts: { ...NO_AMOUNTS, requests: 1 } })];
    const reply = await store.admit({
      requestId: `during${call}`,
      tenantId: "acme",
      caller: "c",
      brake: null,
      policyVersion: 1,
      intent: "",
      leaseMs: 15_000,
      plans,
    });
    ended.push(reply.kind);
  }
  expect(await look).toHaveLength(9000);
  expect(ended.slice(0, 2)).toEqual(["admit", "admit"]);
});
