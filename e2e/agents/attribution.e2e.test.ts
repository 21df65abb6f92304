import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../fixtures/process";
import { Spillway } from "../fixtures/spillway";

const REQUESTS = 3;
let spillway: Spillway;
beforeAll(async () => {
  spillway = await Spillway.run();
  const current = await spillway.admin<{ limits: { name: string; capacity: number }[] }>("GET", "tiers/standard");
  const requests = (layer: string) => ({
    name: `${layer}-requests`,
    layer,
    dimension: "requests",
    algorithm: "fixed_window",
    capacity: REQUESTS,
    windowSeconds: 86_400,
  });
  const roomy = current.limits.map((limit) => ({ ...limit, capacity: 1_000_000_000 }));
  await spillway.admin("PUT", "tiers/standard", {
    ...current,
    limits: [...roomy, requests("session"), requests("agent")],
  });
});
afterAll(() => spillway.stop());

type Headers = Readonly<Record<string, string>>;
const call = (headers: Headers, endpoint: "messages" | "chat/completions" = "messages") =>
  fetch(`${spillway.baseUrl}/v1/${endpoint}`, {
    method: "POST",
    headers: { authorization: `Bearer ${spillway.demo.keys.standard}`, "content-type": "application/json", ...headers },
    body: JSON.stringify({ model: "sim-small", max_tokens: 8, messages: [{ role: "user", content: "hello" }] }),
  });
const statuses = async (count: number, headers: Headers) => {
  const all: number[] = [];
  for (let at = 0; at < count; at++) all.push((await call(headers)).status);
  return all;
};

describe("a limit per session and per agent", () => {
  test.each([
    ["x-spillway-session", "session"],
    ["x-claude-code-session-id", "session"],
    ["session_id", "session"],
    ["x-spillway-agent", "agent"],
    ["x-claude-code-agent-id", "agent"],
  ])("holds for each name in %s alone, and for no call without one", async (header, layer) => {
    const [one, other] = [`${header}-one`, `${header}-other`];
    expect(await statuses(REQUESTS + 1, { [header]: one })).toEqual([200, 200, 200, 429]);
    const refused = await call({ [header]: one });
    expect((await refused.json()).error.details).toMatchObject({ layer, dimension: "requests", limit: REQUESTS });
    expect(await statuses(REQUESTS, { [header]: other })).toEqual([200, 200, 200]);
    expect(await statuses(REQUESTS + 1, {})).toEqual([200, 200, 200, 200]);
  });

  test("holds over all of its agents, and our own header comes before an agent's", async () => {
    const own = { "x-spillway-session": "run-1", "x-claude-code-session-id": "ignored" };
    expect(await statuses(2, { ...own, "x-spillway-agent": "writer" })).toEqual([200, 200]);
    expect(await statuses(2, { ...own, "x-spillway-agent": "reader" })).toEqual([200, 429]);
    expect(await statuses(1, { "x-claude-code-session-id": "ignored" })).toEqual([200]);
  });
});

describe("a brake", () => {
  const brake = (scope: object) =>
    spillway.admin<{ id: string }>("POST", "brakes", {
      scope,
      mode: "block",
      reason: "it runs away",
      expiresInSeconds: 600,
    });

  test.each([
    [{ session: "runaway" }, { "x-spillway-session": "runaway" }, { "x-spillway-session": "calm" }],
    [{ agent: "looper" }, { "x-spillway-agent": "looper" }, { "x-spillway-agent": "worker" }],
  ])("of %o stops that alone", async (scope, stopped, others) => {
    const { id } = await brake({ tenant: "standard", ...scope });
    try {
      const dry = await spillway.admin<{ running: number }>("POST", "brakes/dry-run", { scope });
      expect(dry.running).toBe(0);
      expect((await call(stopped)).status).toBe(503);
      expect([(await call(others)).status, (await call({})).status]).toEqual([200, 200]);
    } finally {
      await spillway.admin("DELETE", `brakes/${id}`, { reason: "the test is over" });
    }
    expect((await call(stopped)).status).toBe(200);
  });
});

test("the ledger, the log and explain name session and agent, of served and of refused calls", async () => {
  const named = { "x-spillway-session": "told", "x-spillway-agent": "teller" };
  const served = await call(named);
  const id = served.headers.get("x-request-id") ?? "";
  const row = await until("its row", () => spillway.ledgerRow(id));
  expect(row).toMatchObject({ session: "told", agent: "teller" });
  await statuses(REQUESTS - 1, named);
  const refused = await call(named);
  expect(refused.status).toBe(429);
  type Log = { requests: { requestId: string; session: string | null; agent: string | null; kind: string }[] };
  for (const filter of ["session=told", "agent=teller"]) {
    const { requests } = await spillway.admin<Log>("GET", `requests?${filter}`);
    expect(requests.map(({ session, agent, kind }) => [session, agent, kind])).toEqual([
      ["told", "teller", "refused"],
      ...Array.from({ length: REQUESTS }, () => ["told", "teller", "served"]),
    ]);
  }
  const { facets } = await spillway.admin<{ facets: { facet: string; value: string; count: number }[] }>(
    ...(["GET", "requests/facets?session=told"] as const),
  );
  expect(facets).toContainEqual({ facet: "agent", value: "teller", count: REQUESTS + 1 });
  type Explained = { again: { limits: { name: string; fits: boolean }[] } };
  const explained = await spillway.admin<Explained>("GET", `explain?requestId=${id}`);
  const fits = Object.fromEntries(explained.again.limits.map((limit) => [limit.name, limit.fits]));
  expect(fits).toMatchObject({ "session-requests": false, "agent-requests": false });
});

test("a budget per session refuses the session that has used it up, and no other", async () => {
  const { id } = await spillway.admin<{ id: string }>("POST", "budgets", {
    slug: "each-run",
    level: "session",
    tenant: "standard",
    period: "day",
    amountMicroUsd: 1,
  });
  const outcome = async (session: string) => {
    const answer = await call({ "x-spillway-session": session });
    return answer.status === 200 ? "ok" : (await answer.json()).error.type;
  };
  // One micro-dollar holds no call at all.
  expect(await outcome("dear")).toBe("invalid_request_error");
  await spillway.admin("DELETE", `budgets/${id}`, {});
  const roomy = await spillway.admin<{ id: string }>("POST", "budgets", {
    slug: "each-run",
    level: "session",
    tenant: "standard",
    period: "day",
    amountMicroUsd: 1_000_000,
    target: "dear",
  });
  expect(await outcome("dear")).toBe("ok");
  type Spenders = { budgets: { slug: string; spenders: { name: string; bookedMicroUsd: number }[] }[] };
  const spender = await until("its spender", async () => {
    const { budgets } = await spillway.admin<Spenders>("GET", "budgets?tenant=standard");
    const [one] = budgets.find(({ slug }) => slug === "each-run")?.spenders ?? [];
    return one !== undefined && one.bookedMicroUsd > 0 ? one : null;
  });
  expect(spender.name).toBe("dear");
  await spillway.admin("DELETE", `budgets/${roomy.id}`, {});
});
