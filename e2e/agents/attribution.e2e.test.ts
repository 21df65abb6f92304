import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until, zoneFarFromMidnight } from "../fixtures/process";
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
    // No window that could end while a test runs; it refills so slowly that nobody can see it.
    algorithm: "token_bucket",
    capacity: REQUESTS,
    refill: 1,
    windowSeconds: 31_000_000,
  });
  const roomy = current.limits.map((limit) => ({ ...limit, capacity: 1_000_000_000 }));
  await spillway.admin("PUT", "tiers/standard", {
    ...current,
    limits: [...roomy, requests("session"), requests("agent"), { ...requests("tag"), match: { tag: "cost-centre" } }],
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
    [{ tag: "repo=loop" }, { "x-spillway-tags": "a=b, repo=loop" }, { "x-spillway-tags": "repo=calm" }],
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
    timeZone: zoneFarFromMidnight(),
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

describe("tags", () => {
  test("are counted each by its value, and a limit of one tag does not see the others", async () => {
    const tags = (text: string) => ({ "x-spillway-tags": text });
    expect(await statuses(2, tags("cost-centre=research,repo=web"))).toEqual([200, 200]);
    expect(await statuses(2, tags("repo=api, cost-centre = research"))).toEqual([200, 429]);
    const refused = await call(tags("cost-centre=research"));
    expect((await refused.json()).error.details).toMatchObject({
      layer: "tag",
      dimension: "requests",
      limit: REQUESTS,
    });
    expect(await statuses(1, tags("cost-centre=sales,repo=web"))).toEqual([200]);
    expect(await statuses(1, tags("repo=web"))).toEqual([200]);
  });

  test.each([
    ["repo", "must be name=value"],
    ["Repo=web", "a name is a lower-case letter"],
    ["repo=a,repo=b", "names the tag repo twice"],
    ["a=1,b=1,c=1,d=1,e=1,f=1,g=1,h=1,i=1", "more than 8 tags"],
    [`repo=${"x".repeat(129)}`, "more than 128 characters"],
  ])("of %j are refused with the reason, and cost nothing", async (header, reason) => {
    const used = async () => {
      type Lines = { limits: { layer: string; used: number }[] };
      const { limits } = await spillway.admin<Lines>("GET", "quota?tenant=standard");
      return limits.filter(({ layer }) => layer === "tenant").map((line) => line.used);
    };
    const before = await used();
    const answer = await call({ "x-spillway-tags": header }, "chat/completions");
    expect(answer.status).toBe(400);
    const { error } = await answer.json();
    expect(error).toMatchObject({ code: "invalid_value", param: "x-spillway-tags" });
    expect(error.message).toContain(reason);
    // A rolling window only falls meanwhile.
    expect((await used()).every((now, at) => now <= (before[at] ?? 0))).toBe(true);
  });

  test("stand in the ledger, filter the log and split the spending", async () => {
    const served = await call({ "x-spillway-tags": "team=blue,repo=told" });
    const id = served.headers.get("x-request-id") ?? "";
    const row = await until("its row", () => spillway.ledgerRow(id));
    expect(row).toMatchObject({ tags: "repo=told,team=blue" });
    type Log = { requests: { requestId: string; tags: string | null }[] };
    const { requests } = await spillway.admin<Log>("GET", "requests?tag=repo%3Dtold");
    expect(requests.map((one) => [one.requestId, one.tags])).toEqual([[id, "repo=told,team=blue"]]);
    type Facets = { facets: { facet: string; value: string; count: number }[] };
    const { facets } = await spillway.admin<Facets>("GET", "requests/facets?tag=team%3Dblue");
    expect(facets).toContainEqual({ facet: "tag", value: "repo=told", count: 1 });
    type Usage = { rows: { subject: string; calls: number }[] };
    const { rows } = await spillway.admin<Usage>("GET", "usage?tenant=standard&by=tag&tag=team");
    expect(rows.map(({ subject, calls }) => [subject, calls])).toEqual([["team=blue", 1]]);
    type Explained = { again: { limits: { name: string }[] } };
    const explained = await spillway.admin<Explained>("GET", `explain?requestId=${id}`);
    expect(explained.again.limits.map(({ name }) => name)).not.toContain("tag-requests");
  });

  test("may have a budget for each value, and each is refused by its own", async () => {
    const budget = { level: "tag", tenant: "standard", period: "day", amountMicroUsd: 1 };
    const faulty = spillway.admin("POST", "budgets", { ...budget, slug: "each-project" });
    await expect(faulty).rejects.toThrow(/target/);
    const made = { ...budget, slug: "each-project", target: "project" };
    const { id } = await spillway.admin<{ id: string }>("POST", "budgets", made);
    const status = async (tags: string) => (await call({ "x-spillway-tags": tags })).status;
    // One micro-dollar holds no call at all.
    expect([await status("project=moon"), await status("repo=web")]).toEqual([400, 200]);
    await spillway.admin("DELETE", `budgets/${id}`, {});
    expect(await status("project=moon")).toBe(200);
  });
});
