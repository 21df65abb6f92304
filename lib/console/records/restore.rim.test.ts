import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestDatabase, type TestDatabase } from "@/db/embedded/database.suite";
import { auditAfter } from "@/db/queries/operators/audit";
import { fillDatabase } from "@/e2e/scale/fill";
import { testConsole } from "../access/console.suite";
import { createChannel, createRule, mute, removeChannel, removeRule } from "../alerts/alerts";
import { restoreChannel, restoreRule } from "../alerts/restore";
import type { ConsoleContext } from "../kernel/context";
import { createBudget, raiseBudget, removeBudget, restoreBudget } from "../money/budgets";

const ACTOR = { name: "ann@example.test", role: "admin" as const, tenants: null, address: "127.0.0.1", session: null };
let database: TestDatabase;
let client: pg.Client;
let context: ConsoleContext;

beforeAll(async () => {
  database = await startTestDatabase({ demoAt: Date.now() });
  client = new pg.Client({ connectionString: database.postgres.url });
  await client.connect();
  await fillDatabase(client, { tenants: 2, keysPerTenant: 1, calls: 400, hours: 30 });
  // The console's clock stands at the newest call: that one is of its month, and no month ends within a test.
  const { rows } = await client.query<{ at: Date }>("select max(ended_at) as at from ledger");
  const at = rows[0]?.at.getTime() ?? 0;
  context = { ...(await testConsole(database, { startedMs: at })), clock: { now: () => at } };
}, 600_000);
afterAll(async () => {
  await client.end();
  await database.close();
});

const asked = (id: string) => ({ context, actor: ACTOR, params: { id }, input: {} });
/** Every row of a table that an object has, as text: equal rows are equal to the microsecond. */
const rowsOf = async (table: string, column: string, id: string) =>
  (await client.query(`select to_jsonb(t)::text as row from ${table} t where ${column} = $1 order by 1`, [id])).rows;
const lastEntry = async () => (await auditAfter(database.opened.db, { after: 0, limit: 10_000 })).at(-1);

test("a restored budget has its id, its carried amount, its raise, its passed thresholds and its spend again", async () => {
  const [{ slug: tenant }] = (
    await client.query(
      "select t.slug from ledger l join tenants t on t.id = l.tenant_id order by l.ended_at desc limit 1",
    )
  ).rows;
  const thresholds = [{ percent: 50, action: "alert" as const }];
  const common = { period: "month" as const, carryOver: true, amountMicroUsd: 5_000_000, thresholds };
  const { body } = await createBudget({
    ...{ context, actor: ACTOR, params: {} },
    input: { slug: "team", level: "tenant", tenant, ...common },
  });
  const { id } = body;
  const raise = { byMicroUsd: 1_000_000, forSeconds: 3600, reason: "a long weekend" };
  await raiseBudget({ ...asked(id), input: raise });
  await client.query(
    "update budgets set carried_micro_usd = 123456, carried_into = date_trunc('month', now()) where id = $1",
    [id],
  );
  await client.query(
    `insert into budget_events (budget_id, subject, period_start, percent, action, spent_micro_usd, amount_micro_usd, seen)
     values ($1, 'x', now(), 50, 'alert', 9007199254740993, 2, true)`,
    [id],
  );
  const state = async () => [
    await rowsOf("budgets", "id", id),
    await rowsOf("budget_spend", "budget_id", id),
    await rowsOf("budget_events", "budget_id", id),
  ];
  const before = await state();
  expect(before.map((rows) => rows.length)).toEqual([1, expect.any(Number), 1]);
  expect(before[1]?.length).toBeGreaterThan(0);
  await removeBudget(asked(id));
  expect((await state()).flat()).toEqual([]);
  await restoreBudget(asked(id));
  expect(await state()).toEqual(before);
  expect(await lastEntry()).toMatchObject({ action: "budgets.restore", target: "team", actor: ACTOR.name });
  await expect(restoreBudget(asked(id))).rejects.toMatchObject({ code: "not_found" });
});

test("a restored rule is muted as before, and its alerts are there; a restored channel has its secret and messages", async () => {
  const url = "https://hooks.acme.test/x";
  const made = await createChannel({
    ...{ context, actor: ACTOR, params: {} },
    input: { name: "ops", config: { kind: "webhook", url, allowLocal: false } },
  });
  const channel = made.body.id;
  const watch = { kind: "store_away" as const };
  const rule = await createRule({
    ...{ context, actor: ACTOR, params: {} },
    input: { name: "away", watch, severity: "critical", channels: [channel], enabled: true, brake: null },
  });
  const { id } = rule.body;
  await mute({ ...asked(id), input: { forSeconds: 600, reason: "known" } });
  await client.query(
    "insert into alerts (id, rule_id, dedupe_key, title, severity, detail, started_at) values ('a1', $1, 'k', 't', 'critical', '{\"n\": 1.5}', now())",
    [id],
  );
  await client.query(
    "insert into alert_deliveries (id, channel_id, message, next_at, created_at) values ('m1', $1, '{}', now(), now())",
    [channel],
  );
  const state = async () => [
    await rowsOf("alert_rules", "id", id),
    await rowsOf("alerts", "rule_id", id),
    await rowsOf("alert_channels", "id", channel),
    await rowsOf("alert_deliveries", "channel_id", channel),
  ];
  const before = await state();
  expect(before.map((rows) => rows.length)).toEqual([1, 1, 1, 1]);
  await removeRule(asked(id));
  await removeChannel(asked(channel));
  expect((await state()).flat()).toEqual([]);
  await restoreChannel(asked(channel));
  expect(await lastEntry()).toMatchObject({ action: "alert-channels.restore", target: "ops" });
  await restoreRule(asked(id));
  expect(await lastEntry()).toMatchObject({ action: "alert-rules.restore", target: "away" });
  expect(await state()).toEqual(before);
});

test("a removal cannot be undone after an hour, nor when a new object has the name", async () => {
  const made = (name: string) =>
    createRule({
      ...{ context, actor: ACTOR, params: {} },
      input: { name, watch: { kind: "store_away" }, severity: "info", channels: [], enabled: true, brake: null },
    });
  const [one, other] = [(await made("late")).body.id, (await made("taken")).body.id];
  for (const id of [one, other]) await removeRule(asked(id));
  await made("taken");
  await expect(restoreRule(asked(other))).rejects.toMatchObject({ code: "conflict" });
  const late = { ...context, clock: { now: () => context.clock.now() + 3_600_001 } };
  await expect(restoreRule({ ...asked(one), context: late })).rejects.toMatchObject({ code: "not_found" });
  await restoreRule(asked(one));
  // A rule's id does not restore a channel.
  await removeRule(asked(one));
  await expect(restoreChannel(asked(one))).rejects.toMatchObject({ code: "not_found" });
});
