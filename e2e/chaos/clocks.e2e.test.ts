import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Fleet } from "../fixtures/fleet";
import { DAY_MS, roomInWindow, until } from "../fixtures/process";
import { Provider } from "../fixtures/simulator";
import type { Spillway } from "../fixtures/spillway";
import { canSetClocks, SetClock } from "./rig/set-clock";

const HOUR_MS = 3_600_000;
const STEP_MS = 25 * HOUR_MS;

if (!canSetClocks) process.stderr.write("skipped: clocks that step, as there is no compiler for what sets them\n");

type Tier = { version: number; limits: Record<string, unknown>[] };

describe.runIf(canSetClocks)("clocks that are set", () => {
  const redisClock = new SetClock();
  const secondClock = new SetClock();
  let fleet: Fleet;
  let provider: Provider;
  beforeAll(async () => {
    // Counters of a day are compared with the ledger: the day must not end meanwhile.
    await roomInWindow(DAY_MS, 60_000);
    const clocks = { redis: redisClock, processes: [undefined, secondClock] };
    [fleet, provider] = await Promise.all([Fleet.run(2, { LEASE_SECONDS: "2" }, clocks), Provider.run()]);
    await provider.serve(one(0));
  });
  afterAll(async () => {
    await fleet.stop();
    await provider.stop();
  });

  function one(index: number): Spillway {
    const found = fleet.processes[index];
    if (found === undefined) throw new Error("a fleet has it");
    return found;
  }

  /** Nothing but a day's calls and money, as a limit and as a budget. */
  async function setDay(tier: string, requests: number): Promise<void> {
    const current = await one(0).admin<Tier>("GET", `tiers/${tier}`);
    const day = { algorithm: "calendar_window", calendarPeriod: "day", timeZone: "UTC", layer: "tenant" };
    const limits = [
      { ...day, name: "calls-per-day", dimension: "requests", capacity: requests },
      { ...day, name: "money-per-day", dimension: "cost_micro_usd", capacity: 1_000_000_000 },
    ];
    await one(0).admin("PUT", `tiers/${tier}`, { ...current, limits });
  }

  const figures = async (by: Spillway, key: string) =>
    Object.fromEntries((await by.quota(key)).map((line) => [line.name, line.used]));

  /** Asks both processes in turn until the store has decided so often, and returns the statuses of all. */
  async function decided(tenant: "standard" | "enterprise", times: number): Promise<number[]> {
    const statuses: number[] = [];
    let shared = 0;
    await until("decisions by the store", async () => {
      const by = one(statuses.length % 2);
      const answer = await by.chat(by.demo.keys[tenant]);
      statuses.push(answer.status);
      if (answer.headers.get("x-spillway-limit-mode") === "shared") shared += 1;
      return shared >= times;
    });
    return statuses;
  }

  async function countersAreTheLedgers(tenant: "standard" | "enterprise"): Promise<void> {
    await until("counters to be what the ledger says", async () => {
      const { rows } = await one(0).ledger(tenant);
      const money = rows.reduce((sum, row) => sum + row.costMicroUsd, 0);
      const counted = await figures(one(1), one(0).demo.keys[tenant]);
      const isSame = counted["calls-per-day"] === rows.length && counted["money-per-day"] === money;
      return isSame || Promise.reject(JSON.stringify([counted, rows.length, money]));
    });
  }

  test("Redis 25 hours ahead and back: no second day of budget, running calls go on, and counters are the ledger's", async () => {
    const { standard } = one(0).demo.keys;
    await setDay("standard", 6);
    await provider.play({ tokenMs: 100, outputTokens: 60, times: 1 });
    const running = await one(1).chat(standard, { stream: true, max_tokens: 100 });
    for (let call = 0; call < 5; call++) expect((await one(call % 2).chat(standard)).status).toBe(200);
    expect((await one(0).chat(standard)).status).toBe(429);
    redisClock.set(STEP_MS);
    const after = await decided("standard", 10);
    redisClock.set(0);
    after.push(...(await decided("standard", 10)));
    // One at the most: what runs on one process is in no ledger, so the other one may put the counters back without it.
    const over = after.filter((status) => status === 200).length;
    expect(over).toBeLessThanOrEqual(1);
    expect((await running.text()).trimEnd().endsWith("data: [DONE]")).toBe(true);
    const id = running.headers.get("x-request-id") ?? "";
    expect(await until("its row", () => one(0).ledgerRow(id))).toMatchObject({ ending: "complete" });
    await countersAreTheLedgers("standard");
    await setDay("standard", 8 + over);
    await decided("standard", 6);
    await until("every row", async () => (await one(0).ledger("standard")).rows.length === 8 + over);
    await countersAreTheLedgers("standard");
  });

  test("Redis 25 hours behind and back: the same", async () => {
    await setDay("enterprise", 6);
    const { enterprise } = one(0).demo.keys;
    for (let call = 0; call < 6; call++) expect((await one(call % 2).chat(enterprise)).status).toBe(200);
    redisClock.set(-STEP_MS);
    expect(await decided("enterprise", 10)).not.toContain(200);
    redisClock.set(0);
    expect(await decided("enterprise", 10)).not.toContain(200);
    await countersAreTheLedgers("enterprise");
  });

  test("a process whose clock is an hour ahead: brakes set elsewhere hold there, and its rows have the true time", async () => {
    secondClock.set(HOUR_MS);
    const { free } = one(0).demo.keys;
    const brake = { scope: { tenant: "free" }, mode: "block", reason: "set by another process", expiresInSeconds: 60 };
    const { id } = await one(0).admin<{ id: string }>("POST", "brakes", brake);
    for (let call = 0; call < 5; call++) expect((await one(1).chat(free)).status).toBe(503);
    await one(0).admin("DELETE", `brakes/${id}`, { reason: "over" });
    const answer = await one(1).chat(free);
    expect(answer.status).toBe(200);
    const requestId = answer.headers.get("x-request-id") ?? "";
    const row = await until("its row", () => one(0).ledgerRow(requestId));
    expect(Reflect.get(row, "totalMs")).toBeLessThan(60_000);
    secondClock.set(0);
  });
});
