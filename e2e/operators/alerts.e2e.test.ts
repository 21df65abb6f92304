import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Fleet } from "../fixtures/fleet";
import { until, zoneFarFromMidnight } from "../fixtures/process";
import { MailReceiver, WebhookReceiver } from "../fixtures/receivers";
import type { Spillway } from "../fixtures/spillway";

let fleet: Fleet;
let a: Spillway;
let hooks: WebhookReceiver;
let mail: MailReceiver;

beforeAll(async () => {
  [fleet, hooks, mail] = await Promise.all([Fleet.run(4), WebhookReceiver.run(), MailReceiver.run()]);
  const [first] = fleet.processes;
  if (first === undefined) throw new Error("a fleet of four");
  a = first;
});
afterAll(async () => {
  await fleet.stop();
  await hooks.stop();
  await mail.stop();
});

type Channel = { id: string; name: string; leadsTo: string; secret?: string };
type Rule = { id: string; muted: unknown };
type Posted = { kind: string; rule: string; findings: { title: string; dedupeKey: string }[] };

const channel = (name: string, config: Record<string, unknown>) =>
  a.admin<Channel>("POST", "alert-channels", { name, config });
const rule = (name: string, watch: Record<string, unknown>, channels: string[]) =>
  a.admin<Rule>("POST", "alert-rules", { name, watch, channels, severity: "critical" });
const webhook = (name: string) => channel(name, { kind: "webhook", url: `${hooks.url}/${name}`, allowLocal: true });
const at = (path: string) => hooks.received.filter((one) => one.path === `/${path}`);
const messages = (path: string): Posted[] => at(path).map(({ body }) => JSON.parse(body).data);

test("a webhook is signed, refused messages come again under the same id, and the log tells how it went", async () => {
  const made = await webhook("signed");
  expect(made.secret).toMatch(/^whsec_/);
  expect(JSON.stringify(await a.admin("GET", "alert-channels"))).not.toContain(made.secret);
  hooks.refusals = 2;
  const { delivery } = await a.admin<{ delivery: string }>("POST", `alert-channels/${made.id}/test`, {});
  await until("three tries", () => at("signed").length === 3);
  for (const { headers, body } of at("signed")) {
    const signed = {
      "webhook-id": String(headers["webhook-id"]),
      "webhook-timestamp": String(headers["webhook-timestamp"]),
      "webhook-signature": String(headers["webhook-signature"]),
    };
    expect(new Webhook(made.secret ?? "").verify(body, signed)).toMatchObject({ type: "alert.test" });
    expect(() => new Webhook(made.secret ?? "").verify(`${body} `, signed)).toThrow();
  }
  expect(new Set(at("signed").map(({ headers }) => headers["webhook-id"]))).toEqual(new Set([delivery]));
  await until("the log", async () => {
    const { deliveries } = await a.admin<{ deliveries: { id: string; status: string; attempts: number }[] }>(
      "GET",
      "alert-deliveries",
    );
    const mine = deliveries.find((one) => one.id === delivery);
    return mine?.status === "delivered" && mine.attempts === 3;
  });
});

test("every threshold of a budget is reported once, in order, whichever of four processes noticed", async () => {
  const to = await webhook("budget");
  await rule("Budgets", { kind: "budget_threshold", tenant: "standard" }, [to.id]);
  const percents = [5, 15, 30, 45, 60, 75, 90];
  await a.admin("POST", "budgets", {
    slug: "told",
    level: "tenant",
    tenant: "standard",
    period: "month",
    timeZone: zoneFarFromMidnight(),
    amountMicroUsd: 12_000,
    thresholds: percents.map((percent) => ({ percent, action: "alert" })),
  });
  for (let round = 0; round < 14; round++) {
    await Promise.all(
      fleet.processes.map((one) => one.chat(a.demo.keys.standard, { model: "sim-large", max_tokens: 24 })),
    );
  }
  const told = () =>
    messages("budget").flatMap(({ findings }) => findings.map(({ title }) => /passed (\d+)/.exec(title)?.[1]));
  await until("all of them", () => told().length >= percents.length);
  expect(told().map(Number)).toEqual(percents);
  expect(messages("budget").every(({ kind }) => kind === "fired")).toBe(true);
});

test("a brake is reported when it is set and when it is over; Slack, mail and PagerDuty each in their own form", async () => {
  const to = await Promise.all([
    webhook("brake"),
    channel("slack", { kind: "slack", url: `${hooks.url}/slack`, allowLocal: true }),
    channel("pager", { kind: "pagerduty", routingKey: "r".repeat(32), url: `${hooks.url}/pager`, allowLocal: true }),
    channel("mail", {
      kind: "smtp",
      host: "127.0.0.1",
      port: mail.port,
      user: "spillway",
      password: "secret",
      allowLocal: true,
      from: "spillway@example.test",
      to: ["oncall@example.test", "second@example.test"],
    }),
  ]);
  expect(to.map(({ leadsTo }) => leadsTo).join(" ")).not.toContain("/slack");
  await rule(
    "Brakes",
    { kind: "brake" },
    to.map(({ id }) => id),
  );
  const set = { scope: { tenant: "free" }, mode: "block", reason: "a runaway script", expiresInSeconds: 600 };
  const { id } = await a.admin<{ id: string }>("POST", "brakes", set);
  await until(
    "its message",
    () => messages("brake").length === 1 && at("slack").length === 1 && mail.mails.length === 1,
  );
  expect(messages("brake")[0]?.findings[0]?.title).toContain("set a brake (block) on tenant free: a runaway script");
  expect(JSON.parse(at("slack")[0]?.body ?? "").text).toContain("[critical] Brakes\n• operator-token set a brake");
  expect(mail.mails[0]?.to).toEqual(["oncall@example.test", "second@example.test"]);
  expect(mail.mails[0]?.text).toContain("Subject: [critical] Brakes: operator-token set a brake");
  await a.admin("DELETE", `brakes/${id}`, {});
  await until(
    "the message of its end",
    () => messages("brake").length === 2 && at("pager").length === 2 && mail.mails.length === 2,
  );
  expect(messages("brake")[1]).toMatchObject({ kind: "over", rule: "Brakes" });
  const events = at("pager").map(({ body }) => JSON.parse(body));
  expect(events.map((event) => event.event_action)).toEqual(["trigger", "resolve"]);
  expect(events[0].dedup_key).toBe(events[1].dedup_key);
  expect(events[0].payload).toMatchObject({ severity: "critical", source: "spillway" });
});

test("a muted rule sends nothing and keeps what it finds", async () => {
  const to = await webhook("muted");
  const made = await rule("Muted", { kind: "brake" }, [to.id]);
  const muted = await a.admin<Rule>("POST", `alert-rules/${made.id}/mute`, {
    forSeconds: 3600,
    reason: "planned work",
  });
  expect(muted.muted).toMatchObject({ reason: "planned work" });
  const set = { scope: { tenant: "free" }, mode: "block", reason: "planned work", expiresInSeconds: 600 };
  const { id } = await a.admin<{ id: string }>("POST", "brakes", set);
  const found = async () =>
    (await a.admin<{ alerts: { rule: string; endedAt: string | null }[] }>("GET", "alerts")).alerts.filter(
      (one) => one.rule === "Muted",
    );
  await until("it to be found", async () => (await found()).length === 1);
  await a.admin("DELETE", `brakes/${id}`, {});
  await until("its end to be found", async () => (await found())[0]?.endedAt !== null);
  expect(at("muted")).toEqual([]);
});

test("refusals, spending and what is left of a limit are watched; an alert is sent once while it lasts", async () => {
  const to = await webhook("traffic");
  await rule("Refused", { kind: "refusal_rate", tenant: "free", percent: 30, minCalls: 10 }, [to.id]);
  await rule("Spending", { kind: "spend_rate", tenant: "free", microUsdPerMinute: 1 }, [to.id]);
  await rule("Nearly used", { kind: "limit_remaining", tenant: "free", percent: 20 }, [to.id]);
  // One after the other: at once most would be refused for being at once, and the limit would not be used up.
  for (let call = 0; call < 30; call++) await a.chat(a.demo.keys.free);
  const told = () =>
    messages("traffic")
      .filter(({ kind }) => kind === "fired")
      .map((one) => one.rule);
  await until("all three", () => ["Refused", "Spending", "Nearly used"].every((name) => told().includes(name)));
  await Promise.all(Array.from({ length: 20 }, () => a.chat(a.demo.keys.free)));
  expect(told().filter((name) => name === "Refused")).toHaveLength(1);
  expect(told().filter((name) => name === "Spending")).toHaveLength(1);
  const [refused] = messages("traffic").filter((one) => one.rule === "Refused");
  expect(refused?.findings[0]?.title).toMatch(/^Fern Street Florist: \d+(\.\d)? % of \d+ calls were refused in 5 min$/);
});

test("invalid input is refused: unknown channels, private addresses without permission, rules of no kind", async () => {
  const fault = async (path: string, body: unknown) =>
    (await a.admin<{ param: string }>("POST", path, body, [400])).param;
  expect(await fault("alert-rules", { name: "x", watch: { kind: "brake" }, channels: ["chn_none"] })).toBe("channels");
  expect(await fault("alert-rules", { name: "x", watch: { kind: "weather" } })).toContain("watch");
  expect(await fault("alert-rules", { name: "x", watch: { kind: "spend_rate" } })).toContain("watch.microUsdPerMinute");
  expect(await fault("alert-channels", { name: "x", config: { kind: "slack", url: "ftp://x" } })).toBe("config.url");
  const inward = await channel("inward", { kind: "slack", url: `${hooks.url}/inward` });
  await a.admin("POST", `alert-channels/${inward.id}/test`, {});
  await until("the refusal", async () => {
    const { deliveries } = await a.admin<{ deliveries: { channel: string; lastError: string | null }[] }>(
      "GET",
      "alert-deliveries",
    );
    return deliveries.find((one) => one.channel === "inward")?.lastError === "the channel's address is not public";
  });
  expect(at("inward")).toEqual([]);
});

test("a rule that may stop sets one brake on its finding, whichever process noticed, and a lifted brake stays lifted", async () => {
  type Listed = { brakes: { id: string; scope: object; mode: string; createdBy: string; active: boolean }[] };
  const mine = async () => {
    const { brakes } = await a.admin<Listed>("GET", "brakes");
    return brakes.filter((one) => one.createdBy === 'rule "Burning"');
  };
  const burning = { name: "Burning", channels: [], brake: { mode: "block", minutes: 5 } };
  await expect(a.admin("POST", "alert-rules", { ...burning, watch: { kind: "store_away" } })).rejects.toThrow("brake");
  const watch = { kind: "spend_rate", tenant: "enterprise", microUsdPerMinute: 100, minutes: 1 };
  const { id } = await a.admin<Rule>("POST", "alert-rules", { ...burning, watch });
  await until("the brake", async () => {
    await a.chat(a.demo.keys.enterprise, { model: "sim-large", max_tokens: 64 });
    return (await mine()).length > 0;
  });
  const [brake] = await mine();
  expect(brake).toMatchObject({ scope: { tenant: "enterprise" }, mode: "block", active: true });
  await until("every process to refuse", async () => {
    const answers = await Promise.all(fleet.processes.map((one) => one.chat(a.demo.keys.enterprise)));
    return answers.every(({ status }) => status === 503);
  });
  // The alert goes on for as long as the minute counts; the brake that was lifted is not set again for it.
  await a.admin("DELETE", `brakes/${brake?.id}`, { reason: "it was the launch" });
  expect((await a.chat(a.demo.keys.enterprise)).status).toBe(200);
  const version = async () => (await a.admin<{ policyVersion: number }>("GET", "overview")).policyVersion;
  const before = await version();
  await a.admin("DELETE", `alert-rules/${id}`, { reason: "the test is over" });
  expect(await version()).toBe(before + 1);
  expect(await mine()).toHaveLength(1);
});

test("an emergency cap over all tenants stops the key or the tenant that uses most, and nobody else", async () => {
  type Listed = { brakes: { scope: { tenant?: string }; createdBy: string; active: boolean }[] };
  // More than the other tests' tenant may call in a minute, so that it is not the one that uses most.
  const watch = { kind: "emergency_cap", callsPerMinute: 150 };
  const brake = { mode: "block", minutes: 5 };
  const { id } = await a.admin<Rule>("POST", "alert-rules", { name: "Cap", channels: [], watch, brake });
  const more = async () => {
    await Promise.all(Array.from({ length: 20 }, () => a.chat(a.demo.keys.enterprise)));
    const { brakes } = await a.admin<Listed>("GET", "brakes");
    return brakes.find((one) => one.createdBy === 'rule "Cap"' && one.active) ?? null;
  };
  // A minute may end before it has had enough calls: then it takes two.
  const found = await until("the brake", more, 60_000);
  expect(found.scope).toMatchObject({ tenant: "enterprise" });
  await until("every process to refuse", async () => {
    const answers = await Promise.all(fleet.processes.map((one) => one.chat(a.demo.keys.enterprise)));
    return answers.every(({ status }) => status === 503);
  });
  expect((await a.chat(a.demo.keys.standard)).status).toBe(200);
  await a.admin("DELETE", `alert-rules/${id}`, { reason: "the test is over" });
});
