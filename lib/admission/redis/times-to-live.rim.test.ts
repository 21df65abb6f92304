import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AppliedLimit, plan } from "@/lib/limits/plan";
import { NO_AMOUNTS } from "@/lib/limits/rules/dimensions";
import type { AlgorithmName, Rule } from "@/lib/limits/rules/rule";
import { makeLog } from "@/lib/log";
import { connectRedis, type RedisClient } from "@/lib/redis/client";
import { RedisServer } from "../../../e2e/fixtures/redis-server";
import { scriptsUnderTest } from "../../../e2e/mutants/mutants";
import { storeKeys } from "../keys";
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

  /** Time to live in ms of the one counter key, after an admission and after its settlement for `used` tokens. */
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
    // Another process knows the call from its reservation only.
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
      // One second of margin is added; the server's clock has moved on by some milliseconds.
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
    // In another order, and then alone: the stored text is parsed by each counter's id.
    await admit("two", [limit("token_bucket"), sliding]);
    expect((await store.peek([limit("token_bucket"), sliding])).states.map((state) => state.used)).toEqual([60, 60]);
  });

  test("a lease of a dead call goes when another process settles it, without any heartbeat", async () => {
    await admin.flushall();
    const time = { at: Math.floor(Date.now() / PERIOD) * PERIOD + 10_000 };
    const [dead, other] = [0, 1].map(() => new RedisAdmission(client, KEYS, () => time.at, scriptsUnderTest()));
    if (dead === undefined || other === undefined) throw new Error("no store");
    await dead.publish(1, ["acme"]);
    await other.publish(1, ["acme"]);
    const call = { tenantId: "acme", caller: "c", brake: null, policyVersion: 1, leaseMs: 15_000, intent: "" };
    const plans = [plan({ candidate: "c", limits: [limit("concurrency")], amounts: tokens })];
    await dead.admit({ ...call, requestId: "dead", plans });
    const key = KEYS.subject("l", "t:acme:tenant", "concurrency");
    expect(await admin.exists(key)).toBe(1);
    time.at += 60_000;
    const orphans = await other.reap({ tenantIds: ["acme"], leaseMs: 15_000 });
    expect(orphans.map(({ requestId }) => requestId)).toEqual(["dead"]);
    await other.settle({ tenantId: "acme", requestId: "dead", actual: tokens });
    expect(await admin.exists(key)).toBe(0);
  });

  test("every key of a call in flight and after it has a time to live, or goes with its last member", async () => {
    await lives([limit("token_bucket"), limit("concurrency")], 10, true);
    for (const key of await admin.keys("*"))
      expect([key, (await admin.pttl(key)) > 0 || key.endsWith("f")]).toEqual([key, true]);
  });
});
