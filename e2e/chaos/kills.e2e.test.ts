import { Agent, request } from "undici";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connected } from "@/db/open/connected";
import { Fleet } from "../fixtures/fleet";
import { until } from "../fixtures/process";
import { Provider } from "../fixtures/simulator";
import type { Spillway } from "../fixtures/spillway";

/** Ten in CI; fifty and more, under more calls, by hand. */
const KILLS = Number(process.env.KILLS ?? 10);
const CALLS = Number(process.env.CALLS ?? 12_000);
const CALLERS = 32;
const SIZE = 2;

let fleet: Fleet;
let provider: Provider;
const agent = new Agent({ connections: 64 });

beforeAll(async () => {
  [fleet, provider] = await Promise.all([
    Fleet.run(SIZE, { LEASE_SECONDS: "1", REDIS_COMMAND_MS: "2000" }),
    Provider.run(),
  ]);
  await provider.serve(at(0));
  const tier = await at(0).admin<{ version: number; limits: { capacity: number }[] }>("GET", "tiers/standard");
  const limits = tier.limits.map((limit) => ({ ...limit, capacity: 1_000_000_000_000 }));
  await at(0).admin("PUT", "tiers/standard", { ...tier, limits });
  const budget = {
    slug: "all",
    level: "tenant",
    tenant: "standard",
    period: "month",
    amountMicroUsd: 1_000_000_000_000,
  };
  await at(0).admin("POST", "budgets", budget);
});
afterAll(async () => {
  await agent.destroy();
  await fleet.stop();
  await provider.stop();
});

function at(index: number): Spillway {
  const one = fleet.processes[index % SIZE];
  if (one === undefined) throw new Error("a fleet");
  return one;
}

type Row = {
  request_id: string;
  ending: string;
  usage_source: string;
  input_tokens: number;
  output_tokens: number;
  cost: number;
};

test(`${KILLS} kills of gateways, Redis and PostgreSQL under ${CALLS} calls: the ledger is the provider's billing log`, {
  timeout: 1_500_000,
}, async () => {
  const key = fleet.processes[0]?.demo.keys.standard ?? "";
  const answered = new Set<string>();
  let begun = 0;
  let lost = 0;
  let turnedAway = 0;
  const one = async (call: number) => {
    const body = {
      model: "sim-small",
      max_tokens: 8,
      stream: call % 5 === 0,
      messages: [{ role: "user", content: "hello" }],
    };
    const answer = await request(`${at(call).baseUrl}/v1/chat/completions`, {
      method: "POST",
      dispatcher: agent,
      body: JSON.stringify(body),
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      headersTimeout: 20_000,
      bodyTimeout: 20_000,
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) turnedAway += 1;
    else if (!text.includes('"error"')) answered.add(String(answer.headers["x-request-id"]));
  };
  const caller = async () => {
    while (answered.size < CALLS) {
      try {
        await one(begun++);
      } catch {
        lost += 1;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  };
  const callers = Array.from({ length: CALLERS }, caller);
  for (let kill = 0; kill < KILLS; kill++) {
    await until("the load to get there", () => answered.size >= ((kill + 1) * CALLS) / (KILLS + 2), 600_000);
    if (kill % 5 === 2) await fleet.replaceRedis();
    else if (kill % 5 === 4) await fleet.crashPostgres();
    else {
      await at(kill).kill("SIGKILL");
      await at(kill).restart();
    }
  }
  await Promise.all(callers);

  const bills = await until("the provider to have finished", async () => {
    const now = await provider.bills();
    return now.length >= answered.size ? now : null;
  });
  const client = await connected({ connectionString: fleet.databaseUrl }, () => undefined);
  const rowsNow = async () =>
    (
      await client.query<Row>(
        "select request_id, ending, usage_source, input_tokens, output_tokens, cost_micro_usd::int as cost from ledger",
      )
    ).rows;
  const rows = await until("every billed call to be booked", async () => {
    const known = new Set((await rowsNow()).map((row) => row.request_id));
    return bills.every((bill) => known.has(bill.requestId)) ? rowsNow() : null;
  });

  const byId = new Map(rows.map((row) => [row.request_id, row]));
  expect(byId.size).toBe(rows.length);
  expect(new Set(bills.map((bill) => bill.requestId)).size).toBe(bills.length);
  const complete = rows.filter((row) => row.ending === "complete");
  for (const id of answered) expect(byId.get(id)?.ending).toBe("complete");
  const billOf = new Map(bills.map((bill) => [bill.requestId, bill]));
  const wrong = complete.filter((row) => {
    const bill = billOf.get(row.request_id);
    return bill?.inputTokens !== row.input_tokens || bill.outputTokens !== row.output_tokens;
  });
  expect(wrong).toEqual([]);
  // Nobody can know of a call that was cut down on its way whether the provider had it: it is booked, as crashed.
  const unbilled = rows.filter((row) => !billOf.has(row.request_id));
  expect(unbilled.filter((row) => row.ending === "complete")).toEqual([]);

  const sum = (list: readonly Row[]) => list.reduce((total, row) => total + row.cost, 0);
  const usage = await client.query(
    "select sum(calls)::int as calls, sum(cost_micro_usd)::int as cost from usage where grain = 'hour'",
  );
  expect(usage.rows).toEqual([{ calls: rows.length, cost: sum(rows) }]);
  const spend = await client.query(
    "select sum(calls)::int as calls, sum(spent_micro_usd)::int as cost from budget_spend",
  );
  expect(spend.rows).toEqual([{ calls: rows.length, cost: sum(rows) }]);
  await client.end();
  process.stdout.write(
    `${begun} calls, ${KILLS} kills: ${bills.length} billed, ${rows.length} booked, ${complete.length} complete, ${unbilled.length} cut down on their way; ${lost} without an answer, ${turnedAway} turned away\n`,
  );
  expect(complete.length).toBeGreaterThanOrEqual(CALLS);
});
