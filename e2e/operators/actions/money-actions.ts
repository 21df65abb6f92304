import { expect } from "vitest";
import { until } from "../../fixtures/process";
import type { Performed } from "./catalog-actions";
import { EVER } from "./wish-actions";

type Booked = { readonly rows: readonly { readonly requestId: string; readonly endedAt: string }[] };
type Drift = {
  readonly rows: readonly { readonly day: string; readonly model: string; readonly bookedCalls: number }[];
};
type Counters = { readonly counters: readonly { readonly driftMicroUsd: number }[] };
type Usage = { readonly rows: readonly { readonly name: string; readonly calls: number }[] };

/**
 * A provider's bill, its comparison with the books, a tenant's usage and its statement, after one call of the tenant free
 * and three of acme. The bill has the days that the books have: one may have ended between the calls.
 */
export async function performMoney({ client, change }: Performed, requestId: string): Promise<void> {
  const bookedOf = async (tenant: string) => (await client.perform<Booked>("getLedger", { query: { tenant } })).rows;
  const booked = [...(await bookedOf("free")), ...(await bookedOf("acme"))];
  const days = [...new Set(booked.map(({ endedAt }) => endedAt.slice(0, 10)))].sort();
  const lines = days.map((day) => `${day},sim-small,10,20,4,0.001`);
  const content = ["date,model,input_tokens,output_tokens,num_model_requests,cost_usd", ...lines].join("\n");
  const imported = { provider: "simulator", content };
  await change("postReconciliationImports", { body: imported }, "reconciliation.import");
  const drift = await client.perform<Drift>("getReconciliation", { query: { provider: "simulator" } });
  const byDay = drift.rows.toSorted((one, other) => (one.day < other.day ? -1 : 1));
  expect(byDay).toMatchObject(days.map((day) => ({ day, model: "sim-small", billedCalls: 4, billedMicroUsd: 1000 })));
  expect(byDay.reduce((sum, { bookedCalls }) => sum + bookedCalls, 0)).toBe(4);
  const { counters } = await client.perform<Counters>("getReconciliationCounters", { query: { tenant: "free" } });
  expect(counters.map((line) => line.driftMicroUsd)).toEqual([0, 0]);
  const repair = { tenant: "free", limit: "monthly", reason: "because the test says so" };
  await change("postReconciliationRepair", { body: repair }, "reconciliation.repair");

  const usage = await until("the sums", async () => {
    const query = { tenant: "free", grain: "day", by: "user", total: "true", from: EVER };
    const { rows } = await client.perform<Usage>("getUsage", { query });
    return rows.length > 0 && rows;
  });
  expect(usage).toMatchObject([{ name: "mia", calls: 1 }]);
  await readStatement(client, booked.find((row) => row.requestId === requestId)?.endedAt.slice(0, 7) ?? "");
}

/** The statement of the month in which the only call of the tenant free was booked. */
async function readStatement(client: Performed["client"], month: string): Promise<void> {
  const isPast = () => month < new Date().toISOString().slice(0, 7);
  const before = isPast();
  const query = { tenant: "free", month };
  const statement = await client.perform<{ readonly isOver: boolean }>("getStatement", { query });
  expect([before, isPast()]).toContain(statement.isOver);
  expect(statement).toMatchObject({ total: { calls: 1 }, byKey: [{ calls: 1 }], byFeature: [{ name: "draft" }] });
}
