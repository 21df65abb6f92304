import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Fleet } from "../fixtures/fleet";
import { until } from "../fixtures/process";
import { Provider } from "../fixtures/simulator";
import type { Spillway } from "../fixtures/spillway";

let fleet: Fleet;
let provider: Provider;
beforeAll(async () => {
  [fleet, provider] = await Promise.all([Fleet.run(3), Provider.run()]);
  await provider.serve(one(0));
  const tier = await one(0).admin<{ version: number }>("GET", "tiers/standard");
  const slot = { name: "slot", layer: "tenant", dimension: "concurrency", algorithm: "concurrency", capacity: 1 };
  await one(0).admin("PUT", "tiers/standard", { ...tier, limits: [{ ...slot, onExceed: "queue" }] });
});
afterAll(async () => {
  await Promise.all([fleet?.stop(), provider?.stop()]);
});

function one(index: number): Spillway {
  const process = fleet.processes[index];
  if (process === undefined) throw new Error("no such process");
  return process;
}

/** How many calls wait in the queue of a process. */
async function waiting(process: Spillway): Promise<number> {
  const headers = { authorization: `Bearer ${process.demo.operatorToken}` };
  const text = await (await fetch(`${process.baseUrl}/api/metrics`, { headers })).text();
  return Number(/^spillway_waiting_calls (\d+)/m.exec(text)?.[1]);
}

/** Holds the only slot until it is released. */
async function hold(): Promise<() => Promise<void>> {
  await provider.play({ mode: "hang_after", afterTokens: 1, times: 1 });
  const abort = new AbortController();
  const answer = await one(2).chat(one(2).demo.keys.standard, { stream: true }, { signal: abort.signal });
  return async () => {
    abort.abort();
    await answer.body?.cancel().catch(() => undefined);
  };
}

/** The best waiting call of each process as the others see it: how urgent it is, and until when it counts, epoch ms. */
async function offers(redis: Redis): Promise<{ band: number; untilMs: number }[]> {
  const [line] = await redis.keys("*}w*");
  const held = line === undefined ? [] : await redis.hvals(line);
  return held.map((text) => {
    const [untilMs, band] = text.split(" ").map(Number);
    return { band: band ?? Number.NaN, untilMs: untilMs ?? Number.NaN };
  });
}

const BANDS = { standard: 1, background: 3 };
/** A call that was denied asks again after a second. One that is held back for another's looks ten times as often. */
const DENIED_MS = 1000;

/**
 * Resolves when the background call is held back for the standard one. Until then it may be asking: it began before the
 * other came, and takes the slot if that is free by the time it gets there.
 */
async function heldBack(): Promise<void> {
  const redis = new Redis(fleet.redis.url);
  const renewed: number[] = [];
  await until("the background call to be held back", async () => {
    const all = await offers(redis);
    if (!all.some(({ band }) => band === BANDS.standard)) return false;
    const own = all.find(({ band }) => band === BANDS.background);
    if (own !== undefined && own.untilMs !== renewed.at(-1)) renewed.push(own.untilMs);
    // One of three renewals may be the one of every second; the other two are two looks.
    const [first = 0, , last = Number.POSITIVE_INFINITY] = renewed.slice(-3);
    return last - first < DENIED_MS;
  }).finally(() => redis.disconnect());
}

/** Far less than a call of any priority may wait for its turn. */
const ANSWERED_MS = 45_000;

async function send(process: Spillway, priority: string, served: string[]): Promise<string> {
  const init = { headers: { "x-spillway-priority": priority }, signal: AbortSignal.timeout(ANSWERED_MS) };
  const answer = await process.chat(process.demo.keys.standard, {}, init);
  served.push(`${priority} ${answer.status}`);
  return answer.headers.get("x-request-id") ?? "";
}

test("the more urgent call goes first, in whichever process it waits", async () => {
  const release = await hold();
  const served: string[] = [];
  const calls = [send(one(0), "background", served)];
  await until("the first in line", async () => (await waiting(one(0))) === 1);
  calls.push(send(one(1), "standard", served));
  await until("the second in line", async () => (await waiting(one(1))) === 1);
  await heldBack();
  await release();
  const [background, standard] = await Promise.all(calls);
  expect(served.sort()).toEqual(["background 200", "standard 200"]);
  // In the order of the provider. A slot is free before its call's answer is out, so the answers may overtake each other.
  const order = (await provider.bills()).map(({ requestId }) => requestId);
  expect(order.filter((id) => id === background || id === standard)).toEqual([standard, background]);
});

test("a killed process leaves no ghost: what waits elsewhere is served without it", async () => {
  const release = await hold();
  const served: string[] = [];
  const lost = send(one(0), "standard", served).catch(() => served.push("lost"));
  await until("the more urgent in line", async () => (await waiting(one(0))) === 1);
  const call = send(one(1), "background", served);
  await until("the other in line", async () => (await waiting(one(1))) === 1);
  await one(0).kill("SIGKILL");
  await lost;
  const began = Date.now();
  await release();
  await call;
  expect(served).toEqual(["lost", "background 200"]);
  process.stdout.write(`served ${Date.now() - began} ms after the slot was free, behind a dead process\n`);
});
