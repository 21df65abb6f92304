import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AppliedLimit, plan } from "@/lib/limits/plan";
import { NO_AMOUNTS } from "@/lib/limits/rules/dimensions";
import type { AlgorithmName, Rule } from "@/lib/limits/rules/rule";
import { makeLog } from "@/lib/log";
import { connectRedis, type RedisClient } from "@/lib/redis/client";
import { scriptsUnderTest } from "../../../e2e/fixtures/mutants";
import { RedisServer } from "../../../e2e/fixtures/redis-server";
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

describe("what Redis forgets, and when", () => {
  const PERIOD = 60_000;
  const tokens = { ...NO_AMOUNTS, total_tokens: 30, concurrency: 1 };

  function limit(algorithm: AlgorithmName, more: Partial<Rule> = {}): AppliedLimit {
    const rule = { algorithm, capacity: 60, refill: 60, periodMs: PERIOD, credit: 0, bounds: null, ...more };
    const dimension = algorithm === "concurrency" ? "concurrency" : "total_tokens";
    return {
      limitId: "l",
      layer: "tenant",
      dimension,
      subject: "t:acme:tenant",
      slotId: algorithm,
      counter: `t#${algorithm}`,
      rule,
      observe: false,
    };
  }

  const now = Math.floor(Date.now() / PERIOD) * PERIOD + 10_000;
  const bounds = { startMs: now - 1000, endMs: now + 50_000, nextEndMs: now + 90_000 };

  /** Milliseconds to live of the one counter key after an admission, and after its settlement for `used` tokens. */
  async function lives(
    limits: readonly AppliedLimit[],
    used: number,
    isKnown: boolean,
    isOwn = true,
  ): Promise<number[]> {
    await admin.flushall();
    const store = new RedisAdmission(client, KEYS, () => now, scriptsUnderTest());
    await store.publish(1, ["acme"]);
    const plans = [plan({ candidate: "c", limits, amounts: tokens })];
    const call = { tenantId: "acme", caller: "c", plans, brake: null, policyVersion: 1, leaseMs: 15_000, intent: "" };
    if (isKnown) {
      await store.admit({ ...call, requestId: "before" });
      await store.settle({ tenantId: "acme", requestId: "before", actual: { ...tokens, total_tokens: 0 } });
    }
    await store.admit({ ...call, requestId: "r" });
    const key = KEYS.subject("c", "t:acme:tenant");
    const admitted = await admin.pttl(key);
    // Another process knows it from its reservation alone.
    const settling = isOwn ? store : new RedisAdmission(client, KEYS, () => now, scriptsUnderTest());
    await settling.settle({ tenantId: "acme", requestId: "r", actual: { ...tokens, total_tokens: used } });
    return [admitted, await admin.pttl(key)];
  }

  const DAY = 24 * 3_600_000;
  const CREDIT = 62 * DAY;
  const TEN_YEARS = 3650 * DAY;
  const slow = { capacity: 1_000_000_000, refill: 1, periodMs: 366 * DAY };
  test.each<[string, readonly AppliedLimit[], number, number, number]>([
    ["a token bucket, a day while its call runs, then when it is full again", [limit("token_bucket")], 10, DAY, 10_000],
    ["a leaky bucket, a day while its call runs, then when it is empty", [limit("leaky_bucket")], 10, DAY, 10_000],
    ["a bucket that takes a billion years to fill, after ten", [limit("token_bucket", slow)], 10, TEN_YEARS, TEN_YEARS],
    ["a sliding window, when its last call has left it", [limit("sliding_window")], 10, 60_000, 60_000],
    ["a fixed window, at its end", [limit("fixed_window")], 10, 50_000, 50_000],
    ["a calendar window, at its end", [limit("calendar_window", { bounds })], 10, 50_000, 50_000],
    [
      "burst credit, two months after nothing of it is used",
      [limit("token_bucket", { credit: 5 })],
      10,
      CREDIT + 30_000,
      CREDIT + 10_000,
    ],
    ["several, when the last of them is done", [limit("token_bucket"), limit("fixed_window")], 10, DAY, 50_000],
    ["a settlement for nothing, at once", [limit("token_bucket")], 0, DAY, 0],
  ])("%s", async (_name, limits, used, admitted, settled) => {
    for (const [isKnown, isOwn] of [
      [false, true],
      [true, true],
      [true, false],
    ] as const) {
      const [first = 0, second = 0] = await lives(limits, used, isKnown, isOwn);
      // A second of margin on top; the server's own clock has run on by some milliseconds.
      for (const [seen, expected] of [
        [first, admitted],
        [second, settled],
      ] as const) {
        expect(seen).toBeLessThanOrEqual(expected + 1001);
        expect(seen).toBeGreaterThan(expected + 500);
      }
    }
  });

  test.each([
    ["altogether", "*}[pq]:*"],
    ["but for its amounts", "*}p:*"],
    ["only in its amounts", "*}q:*"],
  ])(
    "a policy that the store has forgotten %s is sent again, for an admission and for a settlement",
    async (_, keys) => {
      await admin.flushall();
      const store = new RedisAdmission(client, KEYS, () => now, scriptsUnderTest());
      await store.publish(1, ["acme"]);
      const limits = [limit("token_bucket")];
      const plans = [plan({ candidate: "c", limits, amounts: tokens })];
      let forgotten = 0;
      const forget = async () => {
        const names = await admin.keys(keys);
        forgotten += names.length;
        if (names.length > 0) await admin.del(...names);
      };
      const ask = (requestId: string) =>
        store.admit({
          requestId,
          tenantId: "acme",
          caller: "c",
          plans,
          brake: null,
          policyVersion: 1,
          leaseMs: 15_000,
          intent: "",
        });
      expect((await ask("one")).kind).toBe("admit");
      await forget();
      expect(await store.settle({ tenantId: "acme", requestId: "one", actual: { ...tokens, total_tokens: 10 } })).toBe(
        "settled",
      );
      await forget();
      expect((await ask("two")).kind).toBe("admit");
      expect((await store.peek(limits)).states[0]?.used).toBe(40);
      await forget();
      expect((await ask("three")).kind).toBe("deny");
      expect(forgotten).toBeGreaterThan(0);
    },
  );

  test.each<[string, readonly AppliedLimit[]]>([
    ["leases alone", [limit("concurrency")]],
    ["beside a counter", [limit("token_bucket", { capacity: 600 }), limit("concurrency")]],
  ])(
    "a set of leases lives a day, renewed by heartbeats and in the first second of a minute: %s",
    async (_name, limits) => {
      await admin.flushall();
      const time = { at: Math.floor(now / PERIOD) * PERIOD + 10_000 };
      const store = new RedisAdmission(client, KEYS, () => time.at, scriptsUnderTest());
      await store.publish(1, ["acme"]);
      const key = KEYS.subject("l", "t:acme:tenant", "concurrency");
      const call = { tenantId: "acme", caller: "c", brake: null, policyVersion: 1, leaseMs: 15_000, intent: "" };
      const lease = async (requestId: string) => {
        await store.admit({ ...call, requestId, plans: [plan({ candidate: "c", limits, amounts: tokens })] });
        return (await admin.pttl(key)) > 3_600_000;
      };
      expect(await lease("first")).toBe(false);
      await store.heartbeat({ tenantId: "acme", requestId: "first", leaseMs: 120_000, note: "" });
      expect(await admin.pttl(key)).toBeGreaterThan(3_600_000);
      await admin.pexpire(key, 60_000);
      expect(await lease("second")).toBe(false);
      time.at = Math.floor(now / PERIOD) * PERIOD + 60_000;
      // In the first second of the next minute.
      expect(await lease("third")).toBe(true);
      for (const requestId of ["first", "second", "third"])
        await store.settle({ tenantId: "acme", requestId, actual: tokens });
      expect(await admin.exists(key)).toBe(0);
    },
  );

  test("a sliding counter beside a bucket is found in any order", async () => {
    await admin.flushall();
    const store = new RedisAdmission(client, KEYS, () => now, scriptsUnderTest());
    await store.publish(1, ["acme"]);
    const sliding = limit("sliding_window");
    const call = { tenantId: "acme", caller: "c", brake: null, policyVersion: 1, leaseMs: 15_000, intent: "" };
    const admit = (requestId: string, limits: readonly AppliedLimit[]) =>
      store.admit({ ...call, requestId, plans: [plan({ candidate: "c", limits, amounts: tokens })] });
    await admit("one", [sliding, limit("token_bucket")]);
    // In another order, and then alone: the stored form is taken apart by each counter's id.
    await admit("two", [limit("token_bucket"), sliding]);
    expect((await store.peek([limit("token_bucket"), sliding])).states.map((state) => state.used)).toEqual([60, 60]);
  });

  test("every key of a call in flight and after it has a time to live, or goes with its last member", async () => {
    await lives([limit("token_bucket"), limit("concurrency")], 10, true);
    for (const key of await admin.keys("*"))
      expect([key, (await admin.pttl(key)) > 0 || key.endsWith("f")]).toEqual([key, true]);
  });
});

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
  const store = new RedisAdmission(client, KEYS);
  const day: AppliedLimit = {
    ...{ limitId: "l", layer: "tenant", dimension: "total_tokens", subject: "t:acme:tenant", slotId: "day" },
    ...{ counter: "t:acme:tenant#day", observe: false },
    rule: { algorithm: "fixed_window", capacity: 60, refill: 60, periodMs: 86_400_000, credit: 0, bounds: null },
  };
  let rounds = 0;
  await store.publish(3, ["acme"], async () => {
    rounds += 1;
    await store.raise([{ limit: day, used: 7, usedBefore: 0 }]);
    // As if somebody emptied it just then, once.
    if (rounds === 1) await admin.flushall();
    return 3;
  });
  expect(rounds).toBe(2);
  expect((await store.peek([day])).states[0]?.used).toBe(7);
  // Another process that was at it at the same moment finds it done.
  const other = new RedisAdmission(client, KEYS);
  await other.publish(3, ["acme"], async () => {
    throw new Error("everything is there");
  });
});

describe("a store that went back in time", () => {
  const PUBLISHED_EVERY = 1000;
  const plans = [
    plan({
      candidate: "c",
      amounts: { ...NO_AMOUNTS, total_tokens: 10 },
      limits: [
        {
          ...{ limitId: "l", layer: "tenant", dimension: "total_tokens", subject: "t:acme:tenant", slotId: "day" },
          ...{ counter: "t:acme:tenant#day", observe: false },
          rule: { algorithm: "fixed_window", capacity: 60, refill: 60, periodMs: 86_400_000, credit: 0, bounds: null },
        },
      ],
    }),
  ];
  const call = { tenantId: "acme", caller: "c", plans, brake: null, policyVersion: 1, leaseMs: 15_000, intent: "" };

  /** Everything in the store, and how to have it back. */
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
    const { fills, publish, pass, ask } = await setUp(2);
    const goBack = await snapshot();
    await pass(10_000);
    expect(await ask(0)).toBe("admit");
    expect(fills).toEqual([0]);
    await goBack();
    expect([await ask(0), await ask(1)]).toEqual(["stale", "stale"]);
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

  test("its version of the policy is not believed: a database that is older as well is not shut out", async () => {
    const { stores, pass, ask, publish } = await setUp(1);
    await publish(0, 9);
    const goBack = await snapshot();
    await pass(10_000);
    await goBack();
    await stores[0]?.publish(4, ["acme"], async () => 4);
    expect((await stores[0]?.admit({ ...call, policyVersion: 4, requestId: "v4" }))?.kind).toBe("admit");
    expect(await ask(0)).toBe("stale");
  });

  test("another server is not trusted, however fresh its copy is; the others' word that it is filled counts", async () => {
    const { stores, fills, publish, ask } = await setUp(2);
    for (const store of stores) store.distrust();
    expect([await ask(0), await ask(1)]).toEqual(["stale", "stale"]);
    await publish(0);
    expect(await ask(0)).toBe("admit");
    await publish(1);
    expect([await ask(1), fills]).toEqual(["admit", [0, 0]]);
  });
});

test("a look at three limits of each of 3,000 tenants holds up no call: those that come later are decided before it is over", async () => {
  await admin.flushall();
  const store = new RedisAdmission(client, KEYS);
  await store.publish(1, ["acme"]);
  const limitOf = (tenant: string, dimension: AppliedLimit["dimension"]): AppliedLimit => {
    const slotId = `${dimension}|x`;
    const rule = { algorithm: "token_bucket", capacity: 60, refill: 60, periodMs: 60_000, credit: 0 } as const;
    return {
      ...{ limitId: slotId, slotId, subject: `t:${tenant}`, counter: `t:${tenant}#${slotId}`, layer: "tenant" },
      ...{ dimension, rule: { ...rule, bounds: null }, observe: false },
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
      ...{ requestId: `during${call}`, tenantId: "acme", caller: "c", brake: null, policyVersion: 1 },
      ...{ intent: "", leaseMs: 15_000, plans },
    });
    ended.push(reply.kind);
  }
  expect(await look).toHaveLength(9000);
  expect(ended.slice(0, 2)).toEqual(["admit", "admit"]);
});
