import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SCOPES } from "@/lib/console/scope/scopes.suite";
import { AdminClient } from "../../fixtures/admin-client";
import { until } from "../../fixtures/process";
import { Spillway } from "../../fixtures/spillway";
import { addressOf, type Described, queryNames } from "./ask";

let spillway: Spillway;
let operations: readonly Described[];
const sessions = new Map<string, Record<string, string>>();
const ids = new Map<string, string>();
/** Texts of another tenant, and of brakes and budgets of all of them: no answer may have one. */
const planted = ["foreign", "everybody", "sim-large", "123456"];
let addresses = 0;
/** The live stream of an operator who has been limited since it began. */
let watched: Promise<string>;

const REASON = "because the test says so";
const own = { tenant: "free", key: "", budget: "", brake: "", requestId: "", note: "" };
const foreign = { tenant: "foreign-co", key: "", budget: "", brake: "", requestId: "", note: "" };

/** One tenant's things, with a word in every text that can hold one. */
async function plant(things: typeof own, word: string, { key, model }: { key: string; model: string }) {
  const { tenant } = things;
  const headers = { "x-spillway-user": `${word}-user`, "x-spillway-feature": `${word}-feature` };
  const call = await spillway.chat(
    key,
    { model },
    { headers: { ...headers, "x-spillway-session": `${word}-session` } },
  );
  things.requestId = call.headers.get("x-request-id") ?? "";
  await until("its row", () => spillway.ledgerRow(things.requestId));
  const { keys } = await spillway.admin<{ keys: { id: string }[] }>("GET", `keys?tenant=${tenant}`);
  things.key = keys[0]?.id ?? "";
  const made = (path: string, body: object) => spillway.admin<{ id: string }>("POST", path, body);
  things.note = (await made(`tenants/${tenant}/notes`, { text: `${word} note` })).id;
  const budget = { slug: `${word}-budget`, level: "tenant", tenant, period: "month", amountMicroUsd: 123_456_000 };
  things.budget = (await made("budgets", word === "own" ? { ...budget, amountMicroUsd: 5_000_000 } : budget)).id;
  const scope = { scope: { tenant }, mode: "observe", reason: `${word} reason`, expiresInSeconds: 600 };
  things.brake = (await made("brakes", scope)).id;
  const limit = {
    tenant,
    limit: "requests-per-minute",
    capacity: 77,
    reason: `${word} override`,
    expiresInSeconds: 600,
  };
  await made("overrides", limit);
}

async function signedInAs(name: string, role: string, tenants: readonly string[] | null) {
  const email = `${name}@example.test`;
  const made = await spillway.admin<{ id: string; password: string }>("POST", "staff", { email, name, role, tenants });
  ids.set(name, made.id);
  const answer = await fetch(`${spillway.baseUrl}/api/auth/sign-in/email`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: spillway.baseUrl, "x-forwarded-for": ownAddress() },
    body: JSON.stringify({ email, password: made.password }),
  });
  expect(answer.status).toBe(200);
  const cookie = answer.headers.getSetCookie().map((one) => one.split(";")[0]);
  sessions.set(name, { cookie: cookie.join("; "), origin: spillway.baseUrl });
}

function ownAddress(): string {
  addresses += 1;
  return `198.18.9.${addresses}`;
}

beforeAll(async () => {
  spillway = await Spillway.run({ TRUSTED_PROXIES: "127.0.0.1" });
  const client = await AdminClient.from(spillway.baseUrl, spillway.demo.operatorToken);
  operations = [...client.operations.values()];
  const tenant = { slug: foreign.tenant, name: "Foreign & Sons", tier: "standard" };
  await spillway.admin("POST", "tenants", tenant);
  const { key } = await spillway.admin<{ key: string }>("POST", "keys", {
    tenant: foreign.tenant,
    name: "foreign key",
  });
  await plant(own, "own", { key: spillway.demo.keys.free, model: "sim-small" });
  await plant(foreign, "foreign", { key, model: "sim-large" });
  const all = { scope: {}, mode: "observe", reason: "everybody reason", expiresInSeconds: 600 };
  ids.set("brake of all", (await spillway.admin<{ id: string }>("POST", "brakes", all)).id);
  const budget = { slug: "everybody-budget", level: "global", period: "month", amountMicroUsd: 123_456_000 };
  ids.set("budget of all", (await spillway.admin<{ id: string }>("POST", "budgets", budget)).id);
  planted.push(foreign.key, foreign.requestId, foreign.brake, foreign.budget, foreign.note);
  await signedInAs("viewer", "viewer", ["free"]);
  await signedInAs("operator", "operator", ["free"]);
  await signedInAs("several", "operator", ["free", "standard"]);
  await signedInAs("unlimited", "operator", null);
  await signedInAs("watching", "operator", null);
  const stream = await fetch(`${spillway.baseUrl}/api/admin/live`, { headers: sessions.get("watching") ?? {} });
  expect(stream.status).toBe(200);
  await spillway.admin("PATCH", `staff/${ids.get("watching")}`, { tenants: ["free"] });
  watched = stream.text();
});
afterAll(() => spillway.stop());

async function ask(who: string, method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${spillway.baseUrl}${path.startsWith("/") ? path : `/api/admin/${path}`}`, {
    method: method.toUpperCase(),
    headers: { ...sessions.get(who), ...headers, "content-type": "application/json" },
    redirect: "manual",
    ...(method === "get" ? {} : { body: JSON.stringify(body ?? {}) }),
  });
  return { status: response.status, text: await response.text(), tag: response.headers.get("etag") ?? "" };
}

/** What of another tenant is in a text, beside what was asked. */
function leaked(text: string, asked = ""): string[] {
  const rest = asked === "" ? text : text.replaceAll(asked, "");
  return planted.filter((word) => rest.toLowerCase().includes(word.toLowerCase()));
}

const KIND = new Map(Object.entries(SCOPES).flatMap(([kind, all]) => all.map((one) => [one, kind] as const)));

function kindOf({ method, path }: Described): string {
  const known = [...KIND].find(([one]) => one.replace("{+", "{") === `${method} ${path.replace("/api/admin", "")}`);
  return known?.[1] ?? "unknown";
}

/** The address of an operation for one tenant's things. */
function addressFor(one: Described, things: typeof own, query: Record<string, string>): string {
  const id = /\/keys\//.test(one.path) ? things.key : /\/budgets\//.test(one.path) ? things.budget : things.brake;
  const isNote = one.path.endsWith("/notes/{id}");
  const known = Object.entries(query).filter(([name]) => queryNames(one).includes(name));
  return addressOf(one, { slug: things.tenant, id: isNote ? things.note : id }, Object.fromEntries(known));
}

describe.each(["viewer", "operator"])("a %s of one tenant", (who) => {
  test("reads what is declared, and nothing of another tenant is in any answer", async () => {
    const query = { month: "2026-01", by: "key", ids: `${own.key},${foreign.key}`, requestId: own.requestId };
    const reads = operations.filter(({ method }) => method === "get");
    const answers = reads.map(async (one) => {
      const isDenied = kindOf(one) === "denied";
      const address = addressFor(one, own, { ...query, tenant: own.tenant });
      const { status, text } = await ask(who, "get", address);
      expect([address, status, leaked(text)]).toEqual([address, isDenied ? 403 : 200, []]);
      const bare = await ask(who, "get", addressFor(one, own, query));
      // Some inputs must name a tenant.
      const expected = isDenied ? [403] : [200, 400];
      expect([address, bare.status, leaked(bare.text)]).toEqual([address, expect.toBeOneOf(expected), []]);
      const named = { ...query, tenant: foreign.tenant, requestId: foreign.requestId };
      const theirs = addressFor(one, foreign, named);
      const found = await ask(who, "get", theirs);
      expect([theirs, leaked(found.text, foreign.tenant)]).toEqual([theirs, []]);
      const isNamed = /^tenant|^list/.test(kindOf(one)) || kindOf(one) === "object" || isDenied;
      if (isNamed) expect([theirs, found.status]).toEqual([theirs, isDenied ? 403 : 404]);
    });
    await Promise.all(answers);
    expect(answers.length).toBeGreaterThan(50);
  });

  test.each([
    ...["tenant", "model", "key", "feature", "user", "session", "agent", "tag"].flatMap((by) => [
      `usage?tenant=free&grain=day&by=${by}`,
      `usage?tenant=free&grain=day&total=true&top=5&by=${by}`,
      `requests/sums?tenant=free&by=${by}`,
    ]),
    ...["tenants?find=foreign", "tenants?after=foreign-co", "requests/facets", "overrides?tenant=foreign-co"],
    ...["ledger?requestId=FOREIGN", "ledger?tenant=foreign-co", "explain?requestId=FOREIGN", "keys/last-calls?ids=KEY"],
    ...[
      "keys?after=KEY",
      "usage?tenant=free&by=key&grain=day&families=fam_KEY",
      "requests?key=KEY",
      "requests?size=5000",
    ],
    ...["quota?tenant=free&key=KEY", "quota?tenant=free&user=foreign-user", "budgets?tenant=free", "brakes", "notices"],
    ...["statement?tenant=free&month=2026-11", "refusals/calls?tenant=free", "refusals", "requests?format=csv"],
  ])("%s", async (asked) => {
    const path = asked.replace("FOREIGN", foreign.requestId).replace("KEY", foreign.key);
    const { text } = await ask(who, "get", path);
    expect(leaked(text.replaceAll(foreign.requestId, ""), asked.includes("foreign-co") ? foreign.tenant : "")).toEqual(
      [],
    );
  });

  test("no page has a figure of another tenant", async () => {
    const pages = [
      "",
      "spend",
      "alerts",
      "brakes",
      "requests",
      "requests/log",
      "status",
      "providers",
      "prices",
      "keys",
    ];
    const shown = pages.map(async (page) => [page, leaked((await ask(who, "get", `/${page}`)).text)]);
    expect(await Promise.all(shown)).toEqual(pages.map((page) => [page, []]));
    const { text } = await ask(who, "get", `/tenants/${foreign.tenant}`);
    expect(leaked(text, foreign.tenant)).toEqual([]);
  });
});

test("changes of another tenant's things, and of all tenants', are refused and change nothing", async () => {
  const brake = (scope: object) => ({ scope, mode: "block", reason: REASON, expiresInSeconds: 60 });
  const all = ids.get("brake of all") ?? "";
  const scopes = [
    ...[{}, { tier: "free" }, { model: "sim-small" }, { provider: "simulator" }, { endpoint: "chat" }, { agent: "x" }],
    ...[{ tenant: foreign.tenant }, { key: foreign.key }, { tenant: own.tenant, key: foreign.key }],
    ...[
      { tenant: foreign.tenant, user: "foreign-user" },
      { tenant: foreign.tenant, key: own.key },
    ],
  ];
  const raise = { byMicroUsd: 1, forSeconds: 60, reason: REASON };
  const reset = { limit: "requests-per-minute", reason: REASON };
  const asked: [string, string, unknown][] = [
    ...scopes.map((scope): [string, string, unknown] => ["post", "brakes", brake(scope)]),
    ...scopes.map((scope): [string, string, unknown] => ["post", "brakes/dry-run", { scope }]),
    ["delete", `brakes/${foreign.brake}`, {}],
    ["delete", `brakes/${all}`, { rampSeconds: 60 }],
    ["post", `keys/${foreign.key}/revoke`, { reason: REASON }],
    ["post", `keys/${foreign.key}/leaked`, { reason: REASON }],
    ["post", `budgets/${foreign.budget}/raise`, raise],
    ["post", `budgets/${ids.get("budget of all")}/raise`, raise],
    ["post", `tenants/${foreign.tenant}/notes`, { text: "x" }],
    ["delete", `tenants/${foreign.tenant}/notes/${foreign.note}`, {}],
    ["delete", `tenants/${own.tenant}/notes/${foreign.note}`, {}],
    ["post", `tenants/${foreign.tenant}/reset`, reset],
    ["post", `tenants/${own.tenant}/reset`, { ...reset, key: foreign.key }],
  ];
  for (const [method, path, body] of asked) {
    const { status, text } = await ask("operator", method, path, body);
    expect([path, body, status]).toEqual([path, body, expect.toBeOneOf([400, 403, 404])]);
    const echoes = [foreign.tenant, foreign.key].reduce((rest, word) => rest.replaceAll(word, ""), text);
    expect(leaked(echoes)).toEqual([]);
  }
  const denied = operations.filter((one) => one.method !== "get" && kindOf(one) === "denied");
  for (const one of denied) expect((await ask("operator", one.method, addressFor(one, own, {}))).status).toBe(403);
  const { rows } = await spillway.admin<{ rows: { actor: string; action: string }[] }>("GET", "audit?limit=500");
  const done = rows.filter(({ actor, action }) => actor === "operator@example.test" && !action.startsWith("access."));
  expect(done).toEqual([]);
});

test("the own tenant's calls are stopped and let go, its budget raised, its notes written", async () => {
  const brake = { scope: { tenant: own.tenant }, mode: "observe", reason: REASON, expiresInSeconds: 60 };
  const set = await ask("operator", "post", "brakes", brake);
  expect(set.status).toBe(201);
  const { id } = JSON.parse(set.text);
  expect((await ask("viewer", "get", "brakes")).text).toContain(id);
  expect((await ask("operator", "post", "brakes/dry-run", { scope: { key: own.key } })).status).toBe(200);
  expect((await ask("operator", "delete", `brakes/${id}`)).status).toBe(200);
  const raise = { byMicroUsd: 1, forSeconds: 60, reason: REASON };
  expect((await ask("operator", "post", `budgets/${own.budget}/raise`, raise)).status).toBe(200);
  expect((await ask("operator", "post", `tenants/${own.tenant}/notes`, { text: "x" })).status).toBe(201);
  // The scope takes nothing off the role, and adds nothing to it.
  expect((await ask("viewer", "post", "brakes", brake)).status).toBe(403);
  const { tenants, total } = JSON.parse((await ask("several", "get", "tenants")).text);
  expect([tenants.map(({ slug }: { slug: string }) => slug).sort(), total]).toEqual([["free", "standard"], 2]);
  const keys: { tenant: string }[] = JSON.parse((await ask("several", "get", "keys")).text).keys;
  expect([...new Set(keys.map((one) => one.tenant))].sort()).toEqual(["free", "standard"]);
  for (const path of ["requests", "requests/facets", "requests/sums?by=tenant", "requests/sums?by=model", "budgets"]) {
    const { status, text } = await ask("several", "get", path);
    expect([path, status, leaked(text)]).toEqual([path, 200, []]);
    expect(text).toMatch(/"free"|"sim-small"/);
  }
  expect((await ask("several", "get", "usage")).text).toContain("You see the tenants free, standard only. Name one");
});

test("an answer for an operator of all tenants is not the base of one for an operator of some", async () => {
  for (const path of ["tenants", "brakes", "overrides"]) {
    const whole = await ask("unlimited", "get", path, undefined, { "a-im": "spillway-changes" });
    expect(leaked(whole.text)).not.toEqual([]);
    const headers = { "a-im": "spillway-changes", "if-none-match": whole.tag };
    expect(leaked((await ask("operator", "get", path, undefined, headers)).text)).toEqual([]);
  }
});

test("a changed scope holds for the open session at once, and ends its live stream", async () => {
  expect((await ask("unlimited", "get", `tenants/${foreign.tenant}`)).status).toBe(200);
  const narrow = (name: string, tenants: unknown) => spillway.admin("PATCH", `staff/${ids.get(name)}`, { tenants });
  await narrow("unlimited", ["free"]);
  expect((await ask("unlimited", "get", `tenants/${foreign.tenant}`)).status).toBe(404);
  expect((await ask("unlimited", "get", "live")).status).toBe(403);
  // None are never all.
  const none = await spillway.admin("PATCH", `staff/${ids.get("several")}`, { tenants: [] }, [400]);
  expect(none.detail).toContain("For all tenants send null.");
  await narrow("several", ["standard"]);
  expect((await ask("several", "get", "tenants/free")).status).toBe(404);
  expect((await ask("several", "get", "tenants/standard")).status).toBe(200);
  // It ends.
  expect(await watched).toContain("data: ");
});
