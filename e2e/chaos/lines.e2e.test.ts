import { afterAll, beforeAll, expect, test } from "vitest";
import { seeded } from "@/lib/fuzz/seeded.suite";
import { Fleet } from "../fixtures/fleet";
import { until } from "../fixtures/process";
import { RedisServer } from "../fixtures/redis-server";
import { Provider } from "../fixtures/simulator";
import type { LedgerRow, Spillway } from "../fixtures/spillway";
import { BadLine, type Line } from "./rig/bad-line";

/** SEED=n for another order of faults, FAULTS=n for more of them. */
const SEED = Number(process.env.SEED ?? 20_261_127);
const FAULTS = Number(process.env.FAULTS ?? 6);
const CALLERS = 6;
const CALLS_PER_FAULT = 30;

let redis: RedisServer;
let line: BadLine;
let fleet: Fleet;
let provider: Provider;

beforeAll(async () => {
  redis = await RedisServer.run();
  line = await BadLine.before(redis.port);
  const env = { REDIS_URL: `redis://127.0.0.1:${line.port}`, LEASE_SECONDS: "2", REDIS_COMMAND_MS: "300" };
  [fleet, provider] = await Promise.all([Fleet.run(2, env), Provider.run()]);
  await provider.serve(at(0));
  const tier = await at(0).admin<{ limits: { capacity: number }[] }>("GET", "tiers/standard");
  const limits = tier.limits.map((limit) => ({ ...limit, capacity: limit.capacity * 100_000 }));
  await at(0).admin("PUT", "tiers/standard", { ...tier, limits });
  // An edit is in force with the next call while the store is there; without it, within a second.
  for (const one of fleet.processes) expect((await one.chat(one.demo.keys.enterprise)).status).toBe(200);
});
afterAll(async () => {
  await fleet.stop();
  await provider.stop();
  await line.stop();
  await redis.stop();
});

function at(index: number): Spillway {
  const one = fleet.processes[index % 2];
  if (one === undefined) throw new Error("a fleet of two");
  return one;
}

const LINES: readonly Line[] = [
  { kind: "slow", ms: 20 },
  { kind: "swallows answers" },
  { kind: "mute" },
  { kind: "cut" },
  { kind: "passes" },
];

test("whatever happens on the line to the store, every call is answered and booked once, and no slot is left", {
  timeout: 600_000,
}, async () => {
  const chance = seeded(SEED);
  process.stdout.write(`faults on the line to Redis: seed ${SEED}\n`);
  const key = at(0).demo.keys.standard;
  const refused: string[] = [];
  const served = new Set<string>();
  let asked = 0;
  let isOver = false;
  const caller = async () => {
    while (!isOver) {
      const answer = await at(asked++).chat(key, { stream: asked % 3 === 0 });
      const text = await answer.text();
      if (answer.status === 200) served.add(answer.headers.get("x-request-id") ?? "");
      else refused.push(`${answer.status} ${text}`);
    }
  };
  const callers = Array.from({ length: CALLERS }, caller);
  for (let fault = 0; fault < FAULTS; fault++) {
    line.become(chance.pick(LINES));
    const goal = served.size + CALLS_PER_FAULT;
    await until(`calls under fault ${fault} (seed ${SEED})`, () => served.size >= goal, 60_000);
  }
  line.become({ kind: "passes" });
  const goal = served.size + CALLS_PER_FAULT;
  await until("calls afterwards", () => served.size >= goal, 60_000);
  isOver = true;
  await Promise.all(callers);

  // Every limit here is local: losing the store turns nobody away.
  expect(refused, `seed ${SEED}`).toEqual([]);
  const early = new Set((await at(0).ledger("enterprise")).rows.map((row) => row.requestId));
  const all = (await provider.bills()).filter((bill) => !early.has(bill.requestId));
  const bills = new Map(all.map((bill) => [bill.requestId, bill]));
  expect(new Set(bills.keys())).toEqual(served);
  const rows = await until("every call to be booked", async () => {
    const booked = await ledger();
    return [...served].every((id) => booked.some((row) => row.requestId === id)) ? booked : null;
  });
  expect(rows.map((row) => row.requestId).sort()).toEqual([...served].sort());
  for (const row of rows) {
    const bill = bills.get(row.requestId);
    expect([row.ending, row.inputTokens, row.outputTokens]).toEqual([
      "complete",
      bill?.inputTokens,
      bill?.outputTokens,
    ]);
  }
  for (const one of fleet.processes) {
    await until("the slots to be free", async () => {
      const lines = await one.quota(key);
      return lines.find(({ name }) => name === "concurrent-calls")?.used === 0;
    });
    expect((await fetch(`${one.baseUrl}/api/readyz`)).status).toBe(200);
  }
  expect(await at(0).admin("GET", "audit/verify")).toMatchObject({ intact: true });
});

async function ledger(): Promise<LedgerRow[]> {
  const rows: LedgerRow[] = [];
  for (let after: string | null = ""; after !== null; ) {
    const more: string = after === "" ? "" : `&after=${encodeURIComponent(after)}`;
    const page: { rows: LedgerRow[]; next: string | null } = await at(0).admin(
      "GET",
      `ledger?tenant=standard&limit=1000${more}`,
    );
    rows.push(...page.rows);
    after = page.next;
  }
  return rows;
}
