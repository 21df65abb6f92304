import { afterAll, beforeAll, expect, test } from "vitest";
import { until, zoneFarFromMidnight } from "../fixtures/process";
import { Provider } from "../fixtures/simulator";
import { Spillway } from "../fixtures/spillway";

let spillway: Spillway;
let provider: Provider;
beforeAll(async () => {
  [spillway, provider] = await Promise.all([Spillway.run(), Provider.run()]);
  await provider.serve(spillway);
});
afterAll(async () => {
  await spillway.stop();
  await provider.stop();
});

type Tier = { version: number; limits: Record<string, unknown>[] };

async function limitTo(limit: Record<string, unknown>): Promise<void> {
  const tier = await spillway.admin<Tier>("GET", "tiers/standard");
  await spillway.admin("PUT", "tiers/standard", { ...tier, limits: [{ name: "line", layer: "tenant", ...limit }] });
}
const call = (init: RequestInit = {}, body = {}) => spillway.chat(spillway.demo.keys.standard, body, init);
const queuedMs = (answer: Response) => Number(answer.headers.get("x-spillway-queued-ms") ?? 0);

test("calls over a limit that lets them wait are served one after the other as room comes back, none refused", async () => {
  await limitTo({
    dimension: "requests",
    algorithm: "token_bucket",
    capacity: 2,
    refill: 5,
    windowSeconds: 1,
    onExceed: "queue",
  });
  const began = Date.now();
  const answers = await Promise.all(Array.from({ length: 10 }, () => call()));
  expect(answers.map((answer) => answer.status)).toEqual(Array(10).fill(200));
  // Never more than the limit gives back, a fifth of a second each behind the other. How many of them had to wait for it
  // depends on how fast this machine sends them.
  expect(Date.now() - began).toBeGreaterThanOrEqual(1500);
  expect(answers.filter((answer) => queuedMs(answer) > 0).length).toBeGreaterThan(0);
});

test("a wait that is too long is announced and not waited for, and so is one for a limit that lets nobody wait", async () => {
  const minute = { dimension: "requests", algorithm: "token_bucket", capacity: 1, refill: 1, windowSeconds: 60 };
  await limitTo({ ...minute, onExceed: "queue" });
  expect((await call()).status).toBe(200);
  const began = Date.now();
  expect((await call()).status).toBe(429);
  await limitTo({ ...minute, name: "other", windowSeconds: 10 });
  expect((await call()).status).toBe(200);
  expect((await call()).status).toBe(429);
  expect(Date.now() - began).toBeLessThan(10_000);
});

test("a caller that leaves the line gives its place to those behind it, and costs nothing", async () => {
  await limitTo({ name: "left", dimension: "concurrency", algorithm: "concurrency", capacity: 1, onExceed: "queue" });
  const release = await hold();
  const before = new Set((await provider.bills()).map(({ requestId }) => requestId));
  const gone = new AbortController();
  const left = call({ signal: gone.signal }).catch(() => null);
  await until("it waits", async () => (await waiting()) === 1);
  const behind = call();
  await until("the one behind it waits", async () => (await waiting()) === 2);
  gone.abort();
  await left;
  await until("it to be gone", async () => (await waiting()) === 1);
  await release();
  const served = await behind;
  expect(served.status).toBe(200);
  const billed = (await provider.bills()).filter(({ requestId, aborted }) => !aborted && !before.has(requestId));
  expect(billed.map(({ requestId }) => requestId)).toEqual([served.headers.get("x-request-id")]);
});

/** Takes the only slot until it is released. */
async function hold(): Promise<() => Promise<void>> {
  await provider.play({ mode: "hang_after", afterTokens: 1, times: 1 });
  const abort = new AbortController();
  const holder = await call({ signal: abort.signal }, { stream: true });
  return async () => {
    abort.abort();
    await holder.body?.cancel().catch(() => undefined);
  };
}

/** How many calls wait in the queue of the only process. */
async function waiting(): Promise<number> {
  const { operatorToken } = spillway.demo;
  const answer = await fetch(`${spillway.baseUrl}/api/metrics`, {
    headers: { authorization: `Bearer ${operatorToken}` },
  });
  return Number(/^spillway_waiting_calls (\d+)/m.exec(await answer.text())?.[1]);
}

test("the more urgent call goes first, whenever it came, and each learns where it stood", async () => {
  await limitTo({ name: "slot", dimension: "concurrency", algorithm: "concurrency", capacity: 1, onExceed: "queue" });
  const release = await hold();
  const { standard } = spillway.demo.keys;
  const served = new Map<string, string>();
  const inLine = async (priority: string) => {
    const answer = await spillway.chat(standard, {}, { headers: { "x-spillway-priority": priority } });
    const said = `${priority} ${answer.status} ${answer.headers.get("x-spillway-queue-position")}`;
    served.set(answer.headers.get("x-request-id") ?? "", said);
  };
  const calls: Promise<void>[] = [];
  for (const [index, priority] of ["background", "batch", "standard"].entries()) {
    calls.push(inLine(priority));
    await until("one more in the queue", async () => (await waiting()) === index + 1);
  }
  await release();
  await Promise.all(calls);
  // In the order of the provider. A slot is free before its call's answer is out, so the answers may overtake each other.
  const order = (await provider.bills()).flatMap(({ requestId }) => served.get(requestId) ?? []);
  expect(order).toEqual(["standard 200 1", "batch 200 1", "background 200 1"]);
  await provider.play({});
});

test("a tier whose ladder lets calls wait has them wait for all of its limits; without it they are refused", async () => {
  await limitTo({ name: "strict", dimension: "concurrency", algorithm: "concurrency", capacity: 1 });
  const release = await hold();
  expect((await call()).status).toBe(429);
  const tier = await spillway.admin<Tier & { ladder: object }>("GET", "tiers/standard");
  await spillway.admin("PUT", "tiers/standard", { ...tier, ladder: { ...tier.ladder, waits: true } });
  const waits = call();
  await until("it waits", async () => (await waiting()) === 1);
  await release();
  const served = await waits;
  expect([served.status, served.headers.get("x-spillway-queue-position")]).toEqual([200, "1"]);
  const { version } = await spillway.admin<Tier>("GET", "tiers/standard");
  await spillway.admin("PUT", "tiers/standard", { ...tier, version });
  await provider.play({});
});

test("operators see who waits, and change how long a class may after a replay of the last day", async () => {
  type Class = { priority: string; waiting: number };
  type View = { settings: { queue: { waitMs: Record<string, number> } }; classes: Class[]; tenants: object[] };
  await limitTo({ name: "seen", dimension: "concurrency", algorithm: "concurrency", capacity: 1, onExceed: "queue" });
  const release = await hold();
  const { standard } = spillway.demo.keys;
  const batch = () => spillway.chat(standard, {}, { headers: { "x-spillway-priority": "batch" } });
  const waits = batch();
  const view = await until("the console sees it", async () => {
    const seen = await spillway.admin<View>("GET", "scarcity");
    return seen.tenants.length > 0 && seen;
  });
  expect(view.tenants).toMatchObject([{ tenant: "standard", priority: "batch", calls: 1 }]);
  expect(view.classes.map(({ waiting }) => waiting)).toEqual([0, 0, 1, 0]);
  const { settings } = view;
  const waitMs = { ...settings.queue.waitMs, batch: 500 };
  const draft = { ...settings, queue: { ...settings.queue, waitMs } };
  await spillway.chat(spillway.demo.keys.enterprise);
  const replay = await until("a call of the last day", async () => {
    type Replay = { calls: number; draft: object[] };
    const answer = await spillway.admin<Replay>("POST", "scarcity/replay", { settings: draft });
    return answer.calls > 0 && answer;
  });
  expect(replay.draft).toMatchObject([{}, {}, { priority: "batch" }, {}]);
  await spillway.admin("PUT", "scarcity", { settings: draft, reason: "batch has no time" });
  // The slot is looked at again after a second: that is more than batch may wait now, also if it waits already.
  expect((await batch()).status).toBe(429);
  expect((await waits).status).toBe(429);
  await spillway.admin("PUT", "scarcity", { settings: { ...draft, shed: {} }, reason: "no" }, [400]);
  await spillway.admin("PUT", "scarcity", { settings, reason: "as it was" });
  await release();
  await provider.play({});
});

test("past its threshold for that a budget lets its calls run one at a time", async () => {
  await limitTo({ name: "roomy", dimension: "requests", algorithm: "token_bucket", capacity: 1000, windowSeconds: 60 });
  await spillway.admin("POST", "budgets", {
    slug: "slow",
    level: "tenant",
    tenant: "standard",
    period: "month",
    timeZone: zoneFarFromMidnight(),
    amountMicroUsd: 1_000_000_000,
    thresholds: [
      { percent: 1, action: "queue" },
      { percent: 100, action: "refuse" },
    ],
  });
  const [budget] = (
    await spillway.admin<{ budgets: { id: string; version: number }[] }>("GET", "budgets?tenant=standard")
  ).budgets;
  await call();
  // A hundredth of so little is passed at once.
  await spillway.admin("PUT", `budgets/${budget?.id}`, { version: budget?.version, amountMicroUsd: 10_000 });
  await until("the threshold", async () => {
    await call();
    return (await Promise.all([call(), call()])).some((answer) => queuedMs(answer) > 0);
  });
  await provider.play({ firstTokenMs: 300 });
  const began = Date.now();
  const answers = await Promise.all(Array.from({ length: 4 }, () => call()));
  expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 200]);
  expect(Date.now() - began).toBeGreaterThanOrEqual(1200);
  expect(answers.filter((answer) => queuedMs(answer) > 0)).toHaveLength(3);
  await provider.play({});
});
