import { afterAll, beforeAll, expect, test } from "vitest";
import { Fleet } from "../fixtures/fleet";
import { until, zoneFarFromMidnight } from "../fixtures/process";
import { Provider } from "../fixtures/simulator";
import type { Spillway } from "../fixtures/spillway";

const STREAMS = 4;
/** Long enough to run on after the stop. */
const OUTPUT_TOKENS = 150;

let fleet: Fleet;
let provider: Provider;
beforeAll(async () => {
  [fleet, provider] = await Promise.all([Fleet.run(2, { LEASE_SECONDS: "1" }), Provider.run()]);
  await provider.serve(one(0));
});
afterAll(async () => {
  await fleet.stop();
  await provider.stop();
});

/** Counters of a day that does not end while they are compared with the ledger. */
async function countByDay(): Promise<void> {
  const tier = await one(0).admin<{ version: number; limits: Record<string, unknown>[] }>("GET", "tiers/enterprise");
  const day = { algorithm: "calendar_window", calendarPeriod: "day", timeZone: zoneFarFromMidnight(), layer: "tenant" };
  const limits = [
    ...tier.limits.filter(({ dimension }) => dimension === "concurrency"),
    { ...day, name: "calls-per-day", dimension: "requests", capacity: 1000 },
    { ...day, name: "money-per-day", dimension: "cost_micro_usd", capacity: 1_000_000_000 },
  ];
  await one(0).admin("PUT", "tiers/enterprise", { ...tier, limits });
}

function one(index: number): Spillway {
  const found = fleet.processes[index];
  if (found === undefined) throw new Error("a fleet has it");
  return found;
}

test("a process stopped for longer than its leases goes on: calls booked as crashed meanwhile are booked as they ended", async () => {
  const key = one(0).demo.keys.enterprise;
  await countByDay();
  await provider.play({ tokenMs: 50, outputTokens: OUTPUT_TOKENS });
  const running = await Promise.all(
    Array.from({ length: STREAMS }, () => one(1).chat(key, { stream: true, max_tokens: 200 })),
  );
  const texts = running.map((answer) => answer.text());
  const ids = running.map((answer) => answer.headers.get("x-request-id") ?? "");
  const stopped = one(1).process.child.pid ?? 0;
  process.kill(stopped, "SIGSTOP");
  const rows = async () => (await one(0).ledger("enterprise")).rows.filter(({ requestId }) => ids.includes(requestId));
  const crashed = await until("all to be taken for dead", async () => {
    const found = await rows();
    return found.length === STREAMS && found;
  });
  expect(crashed.map(({ ending }) => ending)).toEqual(Array(STREAMS).fill("crashed"));
  process.kill(stopped, "SIGCONT");
  for (const text of await Promise.all(texts)) expect(text.trimEnd().endsWith("data: [DONE]")).toBe(true);
  const corrected = await until("every row to be put right", async () => {
    const found = await rows();
    return found.every(({ ending }) => ending === "complete") ? found : Promise.reject(JSON.stringify(found));
  });
  for (const row of corrected) {
    const { inputTokens, outputTokens } = await provider.billOf(row.requestId);
    expect(row).toMatchObject({ inputTokens, outputTokens, usageSource: "provider" });
    const lines: { of: string; count: number }[] = Reflect.get(row, "costLines");
    expect(lines.map(({ of, count }) => [of, count])).toEqual([
      ["input", inputTokens],
      ["output", outputTokens],
    ]);
  }
  const money = corrected.reduce((sum, row) => sum + row.costMicroUsd, 0);
  await until("sums and counters to be those of the rows", async () => {
    const usage = await one(0).admin<{ rows: { calls: number; costMicroUsd: number }[] }>(
      "GET",
      "usage?by=tenant&grain=minute&total=true&tenant=enterprise",
    );
    const [sums] = usage.rows;
    const used = Object.fromEntries((await one(0).quota(key)).map((line) => [line.name, line.used]));
    const seen = [
      sums?.calls,
      sums?.costMicroUsd,
      used["calls-per-day"],
      used["money-per-day"],
      used["concurrent-calls"],
    ];
    const isRight = JSON.stringify(seen) === JSON.stringify([STREAMS, money, STREAMS, money, 0]);
    return isRight || Promise.reject(JSON.stringify({ seen, money }));
  });
});
