import pg from "pg";
import { expect, test } from "vitest";
import { startEmbeddedPostgres } from "@/db/embedded/postgres";
import { until } from "../fixtures/process";
import { WebhookReceiver } from "../fixtures/receivers";
import { Spillway } from "../fixtures/spillway";

const PATIENCE_MS = 40_000;

test("the database's owner removes the newest audit row: a metric and an alert report it, and keep reporting it", async () => {
  const receiver = await WebhookReceiver.run();
  await using spillway = await Spillway.run({
    AUDIT_WEBHOOK: `${receiver.url}/heads`,
    AUDIT_WEBHOOK_TOKEN: "elsewhere",
  });
  const figure = async () => {
    const headers = { authorization: `Bearer ${spillway.demo.operatorToken}` };
    const text = await (await fetch(`${spillway.baseUrl}/api/metrics`, { headers })).text();
    return Number(/^spillway_audit_broken (\d+)$/m.exec(text)?.[1]);
  };
  type Alerts = { alerts: { title: string; endedAt: string | null }[] };
  const open = async () => {
    const { alerts } = await spillway.admin<Alerts>("GET", "alerts");
    return alerts.filter(({ title, endedAt }) => title.startsWith("The audit log") && endedAt === null).length;
  };
  const rule = { name: "audit", watch: { kind: "audit_broken" }, severity: "critical" };
  await spillway.admin("POST", "alert-rules", rule);
  await spillway.admin("PATCH", "tenants/free", { name: "to be hidden", reason: "a test" });
  expect(await figure()).toBe(0);
  const { rows } = await spillway.admin<{ rows: { id?: number }[] }>("GET", "audit");
  await until("the newest head to be on another machine as well", () => {
    const heads = receiver.received.map(({ body, headers }) => ({ ...JSON.parse(body), by: headers.authorization }));
    return heads.some(({ kind, seq, by }) => kind === "head" && seq >= rows.length && by === "Bearer elsewhere");
  });

  // It runs already: this finds it.
  const { url } = await startEmbeddedPostgres(spillway.dataDir);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query("begin");
  await client.query("alter table audit disable trigger all");
  await client.query("delete from audit where seq = (select max(seq) from audit)");
  await client.query("alter table audit enable always trigger audit_append_only");
  await client.query("commit");
  await client.end();

  await until("the figure", async () => (await figure()) === 1, PATIENCE_MS);
  await until("the alert", async () => (await open()) === 1, PATIENCE_MS);
  // A later row covers it up in the database, and neither a new process nor that row ends the alert.
  await spillway.admin("PATCH", "tenants/free", { name: "after it", reason: "a test" });
  await spillway.kill("SIGTERM");
  await spillway.restart();
  expect(await open()).toBe(1);
  await receiver.stop();
});
