import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Fleet } from "../fixtures/fleet";
import { until, zoneFarFromMidnight } from "../fixtures/process";
import { Provider } from "../fixtures/simulator";
import type { Spillway } from "../fixtures/spillway";

let fleet: Fleet;
let provider: Provider;
let a: Spillway;
let redis: Redis;

beforeAll(async () => {
  [fleet, provider] = await Promise.all([Fleet.run(4), Provider.run()]);
  const [first] = fleet.processes;
  if (first === undefined) throw new Error("a fleet of four");
  a = first;
  await provider.serve(a);
  redis = new Redis(fleet.redis.url);
  // Budgets alone are to refuse here.
  const tier = await a.admin<{ version: number; limits: { capacity: number }[] }>("GET", "tiers/enterprise");
  await a.admin("PUT", "tiers/enterprise", {
    ...tier,
    limits: tier.limits.map((limit) => ({ ...limit, capacity: 1_000_000_000_000 })),
  });
});
afterAll(async () => {
  redis.disconnect();
  await fleet.stop();
  await provider.stop();
});

type Budget = {
  id: string;
  slug: string;
  version: number;
  now: string;
  periodStart: string;
  periodEnd: string | null;
  inForceMicroUsd: number;
  thresholds: { percent: number; action: string; passed: string | null }[];
  spenders: { name: string; bookedMicroUsd: number; usedMicroUsd: number; leftMicroUsd: number; calls: number }[];
  forecast: {
    burnMicroUsdPerHour: number;
    exhaustedAt: string | null;
    refusedLately: number;
    isRefusing: boolean;
    movers: { kind: string; name: string }[];
  };
};

const key = () => a.demo.keys.enterprise;
const of = async (slug: string) => {
  const { budgets } = await a.admin<{ budgets: Budget[] }>("GET", "budgets?tenant=enterprise");
  const found = budgets.find((one) => one.slug === slug);
  if (found === undefined) throw new Error(`no budget ${slug}`);
  return found;
};
const make = (body: Record<string, unknown>) =>
  a.admin<Budget>("POST", "budgets", body.period === "rolling" ? body : { timeZone: zoneFarFromMidnight(), ...body });

const remove = (budget: Budget) => a.admin("DELETE", `budgets/${budget.id}`, {});
const codeOf = async (answer: Response) => (answer.ok ? "ok" : (await answer.json()).error.code);
/** A call that holds about 30 cents and costs one. */
const large = (by: Spillway, more: Record<string, unknown> = {}) =>
  by.chat(key(), { model: "sim-large", max_tokens: 3000, ...more });
const any = (index: number) => fleet.processes[index % fleet.processes.length] ?? a;

test("a hundred calls at once, each worth 30 % of what is left: three are admitted, and the rest comes back", async () => {
  await Promise.all(fleet.processes.map((one) => one.chat(key())));
  const probe = await large(a);
  const row = await until("its row", () => a.ledgerRow(probe.headers.get("x-request-id") ?? ""));
  const booked = await until("five rows", async () => {
    const { rows } = await a.ledger("enterprise");
    return rows.length === 5 ? rows : null;
  });
  const spent = booked.reduce((sum, one) => sum + one.costMicroUsd, 0);
  const held = Math.ceil(row.estimatedInputTokens * 2.5) + row.reservedOutputTokens * 10;
  const budget = await make({
    slug: "burst",
    level: "tenant",
    tenant: "enterprise",
    period: "rolling",
    windowSeconds: 86_400,
    amountMicroUsd: spent + Math.floor(held / 0.3),
  });
  expect(budget.spenders).toMatchObject([{ usedMicroUsd: spent, bookedMicroUsd: spent, calls: 5 }]);
  expect(budget.periodEnd).toBeNull();
  expect(Date.parse(budget.now) - Date.parse(budget.periodStart)).toBe(86_400_000);
  await provider.play({ tokenMs: 50, outputTokens: 200 });
  const before = (await provider.bills()).length;
  let refused = 0;
  // An answer that nobody holds any more is cancelled, and what it had reserved is given back: these are held.
  const running: Response[] = [];
  const calls = Array.from({ length: 100 }, async (_, index) => {
    const answer = await large(any(index), { stream: true });
    if (answer.ok) running.push(answer);
    else refused += 1;
  });
  await until("the others to be refused", async () => refused === 97);
  await provider.play({});
  await Promise.all(calls);
  expect(running).toHaveLength(3);
  await Promise.all(running.map((answer) => answer.text()));
  const after = await until("the three to be booked", async () => {
    const now = await of("burst");
    return now.spenders[0]?.calls === 8 && now.spenders[0].bookedMicroUsd === now.spenders[0].usedMicroUsd ? now : null;
  });
  expect((await provider.bills()).length - before).toBe(3);
  expect(after.spenders[0]?.bookedMicroUsd).toBeLessThanOrEqual(after.inForceMicroUsd);
  // It refused while something was left of it, and says so.
  await until("its refusals", async () => ((await of("burst")).forecast.refusedLately > 0 ? true : null));
  // The three have cost less than they held: the same call fits again, so it does not refuse now.
  expect((await of("burst")).forecast.isRefusing).toBe(false);
  expect((await large(a)).status).toBe(200);
  await remove(budget);
});

test("thresholds are passed once each and in order, whichever of four processes books the call", async () => {
  const each = 30_000;
  const budget = await make({
    slug: "steps",
    level: "user",
    tenant: "enterprise",
    target: "mia",
    period: "month",
    amountMicroUsd: each,
    thresholds: [10, 25, 50, 75, 90, 99].map((percent) => ({ percent, action: "alert" })),
  });
  const row = async (answer: Response) =>
    (await a.ledgerRow(answer.headers.get("x-request-id") ?? ""))?.costMicroUsd ?? null;
  let spent = 0;
  for (let round = 0; spent < each && round < 40; round++) {
    const answers = await Promise.all(
      Array.from({ length: 16 }, (_, index) => large(any(index), { user: "mia", max_tokens: 20 })),
    );
    const costs = await Promise.all(answers.map((answer) => until("its row", () => row(answer))));
    spent += costs.reduce((sum, cost) => sum + cost, 0);
  }
  expect(spent).toBeGreaterThanOrEqual(each);
  const { thresholds, spenders } = await of("steps");
  expect(spenders).toMatchObject([{ name: "mia", bookedMicroUsd: spent }]);
  const passed = thresholds.map((step) => step.passed);
  expect(passed).not.toContain(null);
  expect([...passed].sort()).toEqual(passed);
  const { events } = await a.admin<{ events: { percent: number }[] }>("GET", `budgets/${budget.id}/events`);
  expect(events.map((event) => event.percent)).toEqual([10, 25, 50, 75, 90, 99]);
  // With more room they are ahead again: "past 99 %" of an amount that is not used up would be wrong.
  const { version } = await of("steps");
  await a.admin("PUT", `budgets/${budget.id}`, { version, amountMicroUsd: spent * 3 });
  const past = (await of("steps")).thresholds.filter((step) => step.passed !== null);
  expect(past.map(({ percent }) => percent)).toEqual([10, 25]);
  await remove(budget);
});

test("a budget that is used up stays so when the store is emptied, and begins with what its period has cost", async () => {
  const spent = (await until("a row", () => a.ledger("enterprise"))).rows.reduce(
    (sum, row) => sum + row.costMicroUsd,
    0,
  );
  const budget = await make({
    slug: "emptied",
    level: "tenant",
    tenant: "enterprise",
    period: "month",
    amountMicroUsd: Math.floor(spent / 2),
    thresholds: [{ percent: 100, action: "refuse" }],
  });
  expect(budget.spenders[0]).toMatchObject({ bookedMicroUsd: spent, usedMicroUsd: spent, leftMicroUsd: 0 });
  for (let round = 0; round < 8; round++) {
    if (round % 2 === 0) await redis.flushall();
    expect(await codeOf(await large(any(round), { max_tokens: 100 }))).toBe("insufficient_quota");
  }
  const raised = await a.admin<Budget>("POST", `budgets/${budget.id}/raise`, {
    byMicroUsd: spent * 4,
    forSeconds: 3600,
    reason: "month end is close",
  });
  expect(raised.inForceMicroUsd).toBe(Math.floor(spent / 2) + spent * 4);
  expect((await large(any(1))).status).toBe(200);
  expect(raised.forecast.movers.map(({ kind }) => kind)).toEqual(expect.arrayContaining(["key", "model", "user"]));
  await remove(budget);
  expect((await large(any(2))).status).toBe(200);
});

test("a budget counts from the first call on when the store is emptied just after it was made, whichever process fills it again", async () => {
  for (let round = 0; round < 40; round++) {
    const budget = await make({
      slug: `at-once-${round}`,
      level: "tenant",
      tenant: "enterprise",
      period: "month",
      amountMicroUsd: 5000,
      thresholds: [{ percent: 100, action: "refuse" }],
    });
    await redis.flushall();
    const codes = await Promise.all(fleet.processes.map(async (one) => codeOf(await large(one, { max_tokens: 100 }))));
    expect(new Set(codes)).toEqual(new Set(["insufficient_quota"]));
    await remove(budget);
  }
});

test("a call that runs when a budget is made counts in it once it has ended", async () => {
  await provider.play({ outputTokens: 20, tokenMs: 100, times: 1 });
  const running = await a.chat(key(), { stream: true });
  const budget = await make({
    slug: "late",
    level: "tenant",
    tenant: "enterprise",
    period: "rolling",
    windowSeconds: 3600,
    amountMicroUsd: 900_000_000,
  });
  await running.text();
  await until("its cost", async () => {
    const [spender] = (await of("late")).spenders;
    return spender !== undefined && spender.calls > 0 && spender.usedMicroUsd === spender.bookedMicroUsd ? true : null;
  });
  await remove(budget);
});

test("past its threshold a budget serves cheaper models, and with it only of the feature that it is for", async () => {
  const tier = await a.admin<{ version: number }>("GET", "tiers/enterprise");
  await a.admin("PUT", "tiers/enterprise", { ...tier, ladder: { models: ["sim-small"] } });
  const feature = { headers: { "x-spillway-feature": "draft" } };
  const budget = await make({
    slug: "draft-feature",
    level: "feature",
    tenant: "enterprise",
    target: "draft",
    period: "day",
    amountMicroUsd: 100_000,
    thresholds: [
      { percent: 0.1 * 10, action: "degrade" },
      { percent: 100, action: "refuse" },
    ],
  });
  const served = async (init: RequestInit = {}) =>
    (await a.chat(key(), { model: "sim-large", max_tokens: 200 }, init)).headers.get("x-spillway-served-model");
  expect(await served(feature)).toBe("sim-large");
  await until("the cheaper model", async () => (await served(feature)) === "sim-small");
  expect(await served()).toBe("sim-large");
  await remove(budget);
  expect(await served(feature)).toBe("sim-large");
});

test("what a call costs beyond what it held is charged: at most one overrun beyond the budget, and a debt that refuses", async () => {
  await a.admin("PUT", "tenants/enterprise/features/short", { costClass: "S" });
  const budget = await make({
    slug: "debt",
    level: "feature",
    tenant: "enterprise",
    target: "short",
    period: "day",
    amountMicroUsd: 6000,
    thresholds: [{ percent: 100, action: "refuse" }],
  });
  await provider.play({ outputTokens: 1500 });
  const short = { headers: { "x-spillway-feature": "short" } };
  const send = () => a.chat(key(), { model: "sim-large", max_tokens: 2000 }, short);
  // It holds 256 tokens and uses 1,500.
  expect((await send()).status).toBe(200);
  const spent = await until("the overrun", async () => {
    const [line] = (await of("debt")).spenders;
    return line !== undefined && line.bookedMicroUsd > 6000 && line.usedMicroUsd === line.bookedMicroUsd ? line : null;
  });
  expect(spent).toMatchObject({ calls: 1, leftMicroUsd: 0 });
  expect(spent.bookedMicroUsd - 6000).toBeLessThanOrEqual(1500 * 10);
  const codes = await Promise.all(
    fleet.processes.map(async (one) => codeOf(await one.chat(key(), { model: "sim-large", max_tokens: 20 }, short))),
  );
  expect(codes).toEqual(Array(4).fill("insufficient_quota"));
  await provider.play({});
  await remove(budget);
});

test("invalid input is refused with the field's name, and changes nothing", async () => {
  const sound = { slug: "x", level: "tenant", tenant: "enterprise", period: "day", amountMicroUsd: 1 };
  const fault = async (more: Record<string, unknown>) =>
    (await a.admin<{ param: string }>("POST", "budgets", { ...sound, ...more }, [400])).param;
  expect(await fault({ level: "global" })).toBe("tenant");
  expect(await fault({ target: "x" })).toBe("target");
  expect(await fault({ period: "rolling" })).toBe("windowSeconds");
  expect(await fault({ amountMicroUsd: -1 })).toBe("amountMicroUsd");
  expect(await fault({ amountMicroUsd: 1.5 })).toBe("amountMicroUsd");
  expect(await fault({ timeZone: "Mars/Olympus" })).toBe("timeZone");
  expect(
    await fault({
      thresholds: [
        { percent: 80, action: "alert" },
        { percent: 50, action: "refuse" },
      ],
    }),
  ).toBe("thresholds");
  expect(await fault({ level: "user", carryOver: true })).toBe("carryOver");
  expect(await fault({ level: "model", target: "no-such" })).toBe("target");
  const tenant = await make({ ...sound, slug: "above", amountMicroUsd: 10 });
  expect(await fault({ level: "user", amountMicroUsd: 11 })).toBe("amountMicroUsd");
  // A budget is raised, not overridden: an override of it would change nothing and look as if it did.
  const override = { tenant: "enterprise", limit: "above", capacity: 99, reason: "not the way", expiresInSeconds: 60 };
  expect((await a.admin<{ param: string }>("POST", "overrides", override, [400])).param).toBe("limit");
  const stale = { version: 7, amountMicroUsd: 5 };
  expect(await a.admin("PUT", `budgets/${tenant.id}`, stale, [409])).toMatchObject({ current: { version: 1 } });
  await remove(tenant);
  expect(await a.admin("GET", "budgets?tenant=enterprise")).toEqual({ budgets: [] });
});
