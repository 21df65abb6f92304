import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Fleet } from "../fixtures/fleet";
import { until } from "../fixtures/process";
import { RedisServer } from "../fixtures/redis-server";
import { Provider } from "../fixtures/simulator";
import type { Spillway } from "../fixtures/spillway";

/** Who waited for a store that is away would wait for longer. */
const ANSWERED_MS = 20_000;

let fleet: Fleet;
let provider: Provider;
let a: Spillway;
let b: Spillway;
let redis: Redis;

beforeAll(async () => {
  [fleet, provider] = await Promise.all([
    Fleet.run(2, { LEASE_SECONDS: "1", EXPECTED_INSTANCES: "2" }),
    Provider.run(),
  ]);
  const [first, second] = fleet.processes;
  if (first === undefined || second === undefined) throw new Error("a fleet of two");
  [a, b] = [first, second];
  await provider.serve(a);
  redis = new Redis(fleet.redis.url);
});
afterAll(async () => {
  redis.disconnect();
  await fleet.stop();
  await provider.stop();
});

type Tier = { version: number; limits: { name: string; capacity: number; windowSeconds: number | null }[] };

async function setRequests(by: Spillway, tier: string, capacity: number): Promise<void> {
  const current = await by.admin<Tier>("GET", `tiers/${tier}`);
  const limits = current.limits.map((limit) => {
    const slow = limit.windowSeconds === null ? {} : { refill: 1, windowSeconds: 31_000_000 };
    return { ...limit, ...slow, capacity: limit.name === "requests-per-minute" ? capacity : 1_000_000_000_000 };
  });
  await by.admin("PUT", `tiers/${tier}`, { ...current, limits });
}

const key = () => a.demo.keys.standard;
const status = async (by: Spillway) => (await by.chat(key())).status;
const concurrent = async (by: Spillway) =>
  (await by.quota(a.demo.keys.enterprise)).find((line) => line.name === "concurrent-calls")?.used;

test("two processes admit together exactly what one would", async () => {
  await setRequests(a, "standard", 20);
  const answers = await Promise.all(Array.from({ length: 60 }, (_, index) => status(index % 2 === 0 ? a : b)));
  expect(answers.filter((one) => one === 200)).toHaveLength(20);
  expect(answers.filter((one) => one === 429)).toHaveLength(40);
  const quota = async (by: Spillway) =>
    (await by.quota(key())).map(({ name, used, remaining }) => ({ name, used, remaining }));
  // A call is settled after its answer.
  await until("both to show the same", async () => {
    const shown = [JSON.stringify(await quota(a)), JSON.stringify(await quota(b))];
    return shown[0] === shown[1] || Promise.reject(shown.join(" "));
  });
});

test("an edit and a brake made at one process are in force for the next call at the other, and so is their end", async () => {
  for (let round = 0; round < 5; round++) {
    await setRequests(a, "standard", 21 + round);
    expect(await status(b)).toBe(200);
    expect(await status(b)).toBe(429);
  }
  await setRequests(b, "standard", 1000);
  for (let round = 0; round < 5; round++) {
    const { id } = await a.admin<{ id: string }>("POST", "brakes", {
      scope: { tenant: "standard" },
      mode: "block",
      reason: "seen by the other",
      expiresInSeconds: 60,
    });
    expect(await status(b)).toBe(503);
    await b.admin("DELETE", `brakes/${id}`, {});
    expect(await status(a)).toBe(200);
  }
});

test("the console knows how many processes enforce the newest policy", async () => {
  await until("both to be counted", async () => {
    const { instances } = await a.admin<{ instances: { alive: number; current: number } }>("GET", "overview");
    return instances.alive === 2 && instances.current === 2;
  });
});

test("a store that forgets its scripts costs nobody an error; one that forgets everything, no brake", async () => {
  const { id } = await a.admin<{ id: string }>("POST", "brakes", {
    scope: { tenant: "enterprise" },
    mode: "block",
    reason: "must survive a flush",
    expiresInSeconds: 60,
  });
  for (let round = 0; round < 20; round++) {
    if (round % 2 === 0) await redis.script("FLUSH");
    else await redis.flushall();
    expect([await status(a), await status(b)]).toEqual([200, 200]);
    expect((await b.chat(a.demo.keys.enterprise)).status).toBe(503);
  }
  await a.admin("DELETE", `brakes/${id}`, {});
});

test("one idempotency key is served once by all processes, also when the first of them is killed on the way", async () => {
  await setRequests(a, "standard", 1_000_000);
  const send = (by: Spillway, name: string) => by.chat(key(), {}, { headers: { "idempotency-key": name } });
  const before = (await provider.bills()).filter(({ aborted }) => !aborted).length;
  const answers = await Promise.all(Array.from({ length: 64 }, (_, index) => send(index % 2 === 0 ? a : b, "once")));
  expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
  expect(answers.filter((answer) => answer.status === 409)).toHaveLength(63);
  expect((await provider.bills()).filter(({ aborted }) => !aborted).length - before).toBe(1);
  expect((await (await send(b, "once")).json()).error.code).toBe("already_completed");
  await provider.play({ mode: "hang", times: 1 });
  const uses = async () => (await redis.keys("*}i:*")).length;
  const known = await uses();
  const lost = send(a, "killed on the way").catch(() => null);
  await until("it to run", async () => (await uses()) > known);
  await a.kill("SIGKILL");
  await lost;
  const told = async () => (await (await send(b, "killed on the way")).json()).error.code;
  // Its lease is over with its process, and nobody knows how far it came.
  await until("it to count as served", async () => (await told()) === "already_completed");
  // The one that was killed may have come there; it left without an answer.
  expect((await provider.bills()).filter(({ aborted }) => !aborted).length - before).toBe(1);
  await a.restart();
  await provider.play({});
});

test("calls of a process that was killed are settled by the other at their last known usage, once", async () => {
  await provider.play({ mode: "endless", tokenMs: 10, times: 5 });
  const running = await Promise.all(Array.from({ length: 5 }, () => a.chat(a.demo.keys.enterprise, { stream: true })));
  const ids = running.map((answer) => answer.headers.get("x-request-id") ?? "");
  await Promise.all(running.map((answer) => answer.body?.getReader().read()));
  await until("usage to be noted", async () => (await redis.keys("*}n:req_*")).length === 5);
  await a.kill("SIGKILL");
  await until("the slots to be free", async () => (await concurrent(b)) === 0);
  const rows = await Promise.all(ids.map((id) => until("the row", () => b.ledgerRow(id))));
  for (const row of rows) expect(row).toMatchObject({ ending: "crashed", usageSource: "partial" });
  expect(rows.every((row) => row.outputTokens > 0)).toBe(true);
  await a.restart();
  const after = await Promise.all(ids.map((id) => b.ledgerRow(id)));
  expect(after).toEqual(rows);
  await provider.play({});
});

test("with the store away every process holds its share, closed limits refuse, nobody waits; then the store learns every call", async () => {
  await setRequests(a, "standard", 20);
  const used = async (by: Spillway) =>
    (await by.quota(key())).find((line) => line.name === "requests-per-minute")?.used ?? 0;
  const tier = await a.admin<Tier & { limits: { failureMode: string }[] }>("GET", "tiers/enterprise");
  const closed = tier.limits.map((limit) => ({ ...limit, failureMode: "closed" }));
  await a.admin("PUT", "tiers/enterprise", { ...tier, limits: closed });
  // What was edited just before the store went away is known to the others within a second, by the database.
  expect((await b.chat(key())).status).toBe(200);
  await fleet.redis.stop();
  const began = performance.now();
  const refused = await a.chat(a.demo.keys.enterprise, {}, { signal: AbortSignal.timeout(ANSWERED_MS) });
  process.stdout.write(`refused ${(performance.now() - began).toFixed(0)} ms after the store went away\n`);
  expect([refused.status, (await refused.json()).error.code, refused.headers.get("retry-after")]).toEqual([
    503,
    "limiter_unavailable",
    "2",
  ]);
  // Neither has admitted more than its half before: together they admit the limit again at most, and half of it at least.
  const answers = await Promise.all(Array.from({ length: 60 }, (_, index) => (index % 2 === 0 ? a : b).chat(key())));
  const passed = answers.filter((answer) => answer.status === 200);
  expect(answers.filter((answer) => answer.status === 429)).toHaveLength(60 - passed.length);
  expect(passed.length).toBeLessThanOrEqual(20);
  expect(new Set(answers.map((answer) => answer.headers.get("x-spillway-limit-mode")))).toEqual(new Set(["local"]));
  const { id } = await a.admin<{ id: string }>("POST", "brakes", {
    scope: { tenant: "standard" },
    mode: "block",
    reason: "also without a store",
    expiresInSeconds: 60,
  });
  await until("the other to know of the brake", async () => (await b.chat(key())).status === 503);
  await a.admin("DELETE", `brakes/${id}`, {});
  const again = await RedisServer.run(fleet.redis.port);
  await until("what was admitted alone to be in the books of the store", async () => {
    const counted = await used(a);
    return counted >= passed.length && counted === (await used(b));
  });
  const rows = (await a.ledger("standard")).rows.map((row) => row.requestId);
  const ids = passed.map((answer) => answer.headers.get("x-request-id") ?? "");
  await until("their rows", async () => {
    const known = new Set((await b.ledger("standard")).rows.map((row) => row.requestId));
    return ids.every((one) => known.has(one));
  });
  expect(new Set(rows).size).toBe(rows.length);
  await again.stop();
});
