import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AdminClient } from "../../fixtures/admin-client";
import { until } from "../../fixtures/process";
import { Spillway } from "../../fixtures/spillway";
import { addressOf, bodyNames, type Described, pathNames, queryNames, type Values } from "./ask";
import { RIGHTS } from "./rights";

const ROLES = ["viewer", "operator", "admin"] as const;
type Role = (typeof ROLES)[number];

let spillway: Spillway;
let operations: readonly Route[];
const things = { free: { key: "", requestId: "" }, enterprise: { key: "", requestId: "" } };
/** Headers of operators who are signed in. */
const sessions = new Map<string, Record<string, string>>();
let asked = 0;

/** Nobody is asked twice: how often one address may fail is another test's matter. */
function ownAddress(): string {
  asked += 1;
  return `198.18.${asked >> 8}.${asked & 255}`;
}

beforeAll(async () => {
  spillway = await Spillway.run({ TRUSTED_PROXIES: "127.0.0.1" });
  const { operatorToken } = spillway.demo;
  const client = await AdminClient.from(spillway.baseUrl, operatorToken);
  operations = [...client.operations].map(([id, one]) => ({ id, ...one }));
  for (const tenant of ["free", "enterprise"] as const) {
    const call = await spillway.chat(spillway.demo.keys[tenant]);
    const requestId = call.headers.get("x-request-id") ?? "";
    await until("its row", () => spillway.ledgerRow(requestId));
    const { keys } = await spillway.admin<{ keys: { id: string }[] }>("GET", `keys?tenant=${tenant}`);
    things[tenant] = { key: keys[0]?.id ?? "", requestId };
  }
  sessions.set("token", { authorization: `Bearer ${operatorToken}` });
  for (const role of [...ROLES, "disabled"]) sessions.set(role, await signedInAs(role));
  const { staff } = await spillway.admin<{ staff: { id: string; email: string }[] }>("GET", "staff");
  const gone = staff.find(({ email }) => email === "disabled@example.test");
  await spillway.admin("PATCH", `staff/${gone?.id}`, { disabled: true });
});
afterAll(() => spillway.stop());

async function signedInAs(name: string): Promise<Record<string, string>> {
  const email = `${name}@example.test`;
  const role = ROLES.find((one) => one === name) ?? "admin";
  const { password } = await spillway.admin<{ password: string }>("POST", "staff", { email, name, role });
  const answer = await fetch(`${spillway.baseUrl}/api/auth/sign-in/email`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: spillway.baseUrl, "x-forwarded-for": ownAddress() },
    body: JSON.stringify({ email, password }),
  });
  expect(answer.status).toBe(200);
  const cookie = answer.headers.getSetCookie().map((one) => one.split(";")[0]);
  return { cookie: cookie.join("; "), origin: spillway.baseUrl };
}

/** Who asks, by headers. */
function as(who: string): Record<string, string> {
  return sessions.get(who) ?? {};
}

async function ask(one: Described, address: string, headers: Record<string, string>, body: string) {
  const sends = one.method !== "get";
  const response = await fetch(`${spillway.baseUrl}${address}`, {
    method: one.method.toUpperCase(),
    headers: { ...headers, "x-forwarded-for": ownAddress(), ...(sends ? { "content-type": "application/json" } : {}) },
    ...(sends ? { body } : {}),
  });
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
  const text = isStream ? "" : await response.text();
  if (isStream) await response.body?.cancel();
  return { status: response.status, text };
}

type Route = Described & { readonly id: string };

function operationOf(id: string): Route {
  const found = operations.find((one) => one.id === id);
  if (found === undefined) throw new Error(`there is no operation ${id}`);
  return found;
}

const ALL = ROLES.flatMap((role) => RIGHTS[role].map((id) => ({ id, role })));

test("every operation of the API is in the table of rights, and nothing else is", () => {
  expect(operations.map(({ id }) => id).sort()).toEqual(ALL.map(({ id }) => id).sort());
});

/** Things of a tenant that exist: where a read names them, it finds them. */
function valuesOf(tenant: "free" | "enterprise"): { path: Values; query: Values } {
  const id = things[tenant].key;
  return {
    path: { slug: tenant, id },
    query: { tenant, provider: "simulator", month: "2026-01", ids: id, by: "key", requestId: things[tenant].requestId },
  };
}

describe("role by route by tenant", () => {
  /** Strangers, customers and operators, with the status that a route for `role` owes them when it would take their request. */
  const callers = (
    route: Route,
    role: Role,
  ): readonly (readonly [string, Record<string, string>, number | "taken"])[] => [
    ["nobody", {}, 401],
    ["a wrong token", { authorization: "Bearer not-the-operator-token" }, 401],
    ["the tenant's own key", { authorization: `Bearer ${spillway.demo.keys.free}` }, 401],
    ["the tenant's own key", { "x-api-key": spillway.demo.keys.free }, 401],
    ["another tenant's key", { authorization: `Bearer ${spillway.demo.keys.enterprise}` }, 401],
    ["an operator who was let go", as("disabled"), 401],
    ...ROLES.map((own) => [own, as(own), ROLES.indexOf(own) >= ROLES.indexOf(role) ? "taken" : 403] as const),
    ["the operator token", as("token"), "taken"],
    [
      "an admin, from another page",
      { ...as("admin"), origin: "https://evil.test" },
      route.method === "get" ? "taken" : 403,
    ],
    ["an admin, from no page", { cookie: as("admin").cookie ?? "" }, route.method === "get" ? "taken" : 403],
  ];

  test.each(ALL)("$id: $role", async ({ id, role }) => {
    const route = operationOf(id);
    for (const tenant of ["free", "enterprise"] as const) {
      const { path, query } = valuesOf(tenant);
      const known = Object.fromEntries(Object.entries(query).filter(([name]) => queryNames(route).includes(name)));
      const address = addressOf(route, path, known);
      // A member that no body has: what is taken changes nothing.
      const taken = bodyNames(route) === null ? 200 : 400;
      const answers = callers(route, role).map(async ([who, headers, status]) => {
        const answer = await ask(route, address, headers, JSON.stringify({ "no such member": 1 }));
        return [who, tenant, answer.status, status === "taken" ? taken : status] as const;
      });
      for (const [who, , status, expected] of await Promise.all(answers))
        expect([who, status]).toEqual([who, expected]);
    }
  });

  test("none of these requests has changed anything", async () => {
    const { rows } = await spillway.admin<{ rows: { action: string }[] }>("GET", "audit?limit=500");
    const own = rows.findIndex(({ action }) => action === "staff.edit");
    expect(own).toBeGreaterThan(0);
    expect(rows.slice(0, own).filter(({ action }) => !action.startsWith("access."))).toEqual([]);
  });
});

/** Texts that PostgreSQL keeps in no column of any kind, as JSON writes them. */
const UNKEPT = { "U+0000": "a\\u0000b", "half a surrogate pair": "a\\ud83db", "the other half": "\\udc00" } as const;

describe("text that cannot be stored is refused, wherever it stands", () => {
  test.each(ALL)("$id", async ({ id }) => {
    const route = operationOf(id);
    const { path, query } = valuesOf("free");
    const wrong: [string, string, string][] = [];
    for (const name of queryNames(route))
      wrong.push([name, addressOf(route, path, { ...query, [name]: "a%00b" }), "{}"]);
    const members = bodyNames(route) ?? [];
    const bodyOf = (value: string) => `{${members.map((name) => `"${name}": ${value}`).join(",")}}`;
    for (const [name, text] of bodyNames(route) === null ? [] : Object.entries(UNKEPT)) {
      const address = addressOf(route, path);
      wrong.push([`${name} as a name`, address, `{"${text}": 1}`]);
      if (members.length === 0) continue;
      wrong.push([`${name} in every member`, address, bodyOf(`"${text}"`)]);
      wrong.push([`${name} deep in every member`, address, bodyOf(`["x", {"y": {"${text}": 1}}]`)]);
    }
    for (const member of members) wrong.push([member, addressOf(route, path), `{"${member}": "${UNKEPT["U+0000"]}"}`]);
    const answers = wrong.map(async ([what, address, body]) => [
      what,
      (await ask(route, address, as("token"), body)).status,
    ]);
    expect(await Promise.all(answers)).toEqual(wrong.map(([what]) => [what, 400]));
    // In a path none of them is a name, and bytes that are no UTF-8 are none either; a query holds U+FFFD in their place.
    for (const text of ["a%00b", "%ED%A0%80"]) {
      const foreign = pathNames(route).map((name) => addressOf(route, { ...path, [name]: text }));
      const got = await Promise.all(foreign.map((address) => ask(route, address, as("token"), "{}")));
      expect(got.map(({ status }) => status)).toEqual(foreign.map(() => 404));
    }
    const replaced = queryNames(route).map((name) => addressOf(route, path, { ...query, [name]: "%ED%A0%80" }));
    const got = await Promise.all(replaced.map((address) => ask(route, address, as("viewer"), "{}")));
    expect(got.filter(({ status }) => status >= 500)).toEqual([]);
  });

  test.each(Object.entries(UNKEPT))("%s on the way in", async (_name, text) => {
    const bodies = [`{"email":"${text}@x.test","password":"x"}`, `{"email":"a@x.test","password":"${text}"}`];
    for (const path of ["sign-in/email", "sign-in/social", "sign-out"]) {
      for (const body of [...bodies, `{"${text}": 1}`]) {
        const headers = {
          "content-type": "application/json",
          origin: spillway.baseUrl,
          "x-forwarded-for": ownAddress(),
        };
        const answer = await fetch(`${spillway.baseUrl}/api/auth/${path}`, { method: "POST", headers, body });
        expect([path, body, answer.status]).toEqual([path, body, 400]);
      }
    }
  });
});

describe("another tenant's rows are not found under one's own name", () => {
  test("a tenant's note, key and counter under another tenant", async () => {
    const note = await spillway.admin<{ id: string }>("POST", "tenants/enterprise/notes", { text: "theirs" });
    const theirs = things.enterprise.key;
    const because = { reason: "because the test says so" };
    const asked: readonly (readonly [string, string, unknown])[] = [
      ["DELETE", `tenants/free/notes/${note.id}`, {}],
      ["GET", `quota?tenant=free&key=${theirs}`, undefined],
      ["POST", "tenants/free/reset", { limit: "requests-per-minute", key: theirs, ...because }],
      [
        "POST",
        "overrides",
        {
          tenant: "free",
          keyFamily: theirs,
          limit: "requests-per-minute",
          capacity: 9,
          expiresInSeconds: 600,
          ...because,
        },
      ],
      [
        "POST",
        "budgets",
        { slug: "x", level: "key", tenant: "free", target: theirs, period: "day", amountMicroUsd: 1 },
      ],
    ];
    for (const [method, path, body] of asked) {
      const answer = await fetch(`${spillway.baseUrl}/api/admin/${path}`, {
        method,
        headers: { ...as("token"), "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      expect([path, await answer.text()]).toEqual([path, expect.stringContaining("no such")]);
      expect([400, 404]).toContain(answer.status);
    }
    const { notes } = await spillway.admin<{ notes: unknown[] }>("GET", "tenants/enterprise/notes");
    expect(notes).toHaveLength(1);
  });
});
