import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { can, ROLES, type Role } from "../kernel/can.shared";
import { CLOCK_HEADER } from "../kernel/clock-header.shared";
import { adminDoor } from "./door";
import { route } from "./route";
import { ADMIN_ROUTES } from "./table";

const HOME = Symbol.for("spillway.console");
const PAGE = "http://127.0.0.1:3000";
let signedInAs: Role | null = null;
let tenants: string[] | null | undefined = null;

/** The door's own part of a console; a verb that is reached fails without the rest. */
const doorOnly = {
  publicUrl: PAGE,
  operatorToken: "the-operator-token",
  earlierOperatorTokens: ["the-token-of-before", "another-of-before"],
  clock: { now: () => 1000 },
  log: { error: () => undefined },
  // What the door writes down of refusals is not asked here.
  bounded: { take: () => false },
  auth: {
    api: {
      getSession: async () =>
        signedInAs === null
          ? null
          : {
              user: { role: signedInAs, tenants, email: "someone@example.com", id: "1", updatedAt: new Date(0) },
              session: { id: "s", createdAt: new Date(0), confirmedAt: null },
            },
    },
  },
};

beforeAll(() => void Reflect.set(globalThis, HOME, doorOnly));
afterAll(() => void Reflect.deleteProperty(globalThis, HOME));

async function ask(method: string, path: string, headers: Record<string, string> = { origin: PAGE }) {
  const url = `${PAGE}/api/admin${path.replace(/\{[^}]+\}/g, "x")}`;
  const sends = method !== "get" && method !== "options";
  const response = await adminDoor(
    new Request(url, {
      method: method.toUpperCase(),
      headers: { ...headers, ...(sends ? { "content-type": "application/json" } : {}) },
      ...(sends ? { body: "{}" } : {}),
    }),
    ADMIN_ROUTES,
  );
  const isProblem = response.headers.get("content-type") === "application/problem+json";
  const { detail } = isProblem ? await response.json() : { detail: "" };
  await response.body?.cancel().catch(() => undefined);
  return { status: response.status, headers: response.headers, detail: String(detail) };
}

test("an operator token of before opens the door until it is taken off the list, and no other text does", async () => {
  signedInAs = null;
  const statuses = [];
  for (const token of ["the-operator-token", "the-token-of-before", "another-of-before", "the-token-of-befor", "x"])
    statuses.push((await ask("get", "/openapi.json", { authorization: `Bearer ${token}` })).status);
  expect(statuses).toEqual([200, 200, 200, 401, 401]);
});

/** What else their inputs need. */
const MORE: Readonly<Record<string, string>> = { "/statement": "&month=2026-01", "/requests/sums": "&by=key" };

describe("operators of some tenants", () => {
  afterAll(() => {
    tenants = null;
  });

  test.each([
    [["x", "y"], "You see the tenants x, y only. This is for operators of all tenants."],
    [[], "You see no tenant. This is for operators of all tenants."],
    // As from a library that does not read the column.
    [undefined, "You see no tenant. This is for operators of all tenants."],
  ])("with %j every route that declares nothing is refused, before it reads its input", async (some, words) => {
    tenants = some;
    signedInAs = "admin";
    for (const { method, path, scoped } of ADMIN_ROUTES) {
      if (scoped !== undefined) continue;
      const { status, detail } = await ask(method, path);
      expect([method, path, status, detail]).toEqual([method, path, 403, words]);
    }
  });

  test("a list without a tenant is refused, one of another tenant is not found", async () => {
    tenants = ["y", "z"];
    signedInAs = "operator";
    const lists = ADMIN_ROUTES.filter(({ scoped }) => scoped?.kind === "tenant" || scoped?.kind === "list");
    for (const { method, path, scoped } of lists.filter((one) => one.method === "get")) {
      const isPath = scoped?.kind === "tenant" && scoped.member === "slug";
      const foreign = await ask(method, isPath ? path : `${path}?tenant=x${MORE[path] ?? ""}`);
      expect([path, foreign.status, foreign.detail]).toEqual([path, 404, 'There is no tenant "x".']);
    }
    expect(await ask("get", "/usage")).toMatchObject({
      status: 403,
      detail: "You see the tenants y, z only. Name one of them.",
    });
  });
});

describe("each route asks for the role that the table gives it", () => {
  test.each(ADMIN_ROUTES)("$method $path: $right", async ({ method, path, right }) => {
    signedInAs = null;
    expect((await ask(method, path)).status).toBe(401);
    for (const role of ROLES) {
      signedInAs = role;
      const { status, detail } = await ask(method, path);
      expect([role, detail.startsWith(`The role ${role} does not have`)]).toEqual([role, !can(role, right)]);
      expect(status).not.toBe(401);
    }
  });

  test.each(ADMIN_ROUTES.filter(({ method }) => method !== "get"))(
    "$method $path is taken from our own pages only",
    async ({ method, path }) => {
      signedInAs = "admin";
      expect((await ask(method, path, { origin: "https://elsewhere.example" })).status).toBe(403);
    },
  );
});

test("a viewer changes nothing but their own password, sessions and saved views", () => {
  const changing = ADMIN_ROUTES.filter(({ method, right }) => method !== "get" && can("viewer", right));
  expect(changing.map(({ method, path }) => `${method} ${path}`)).toEqual([
    "post /tiers/{slug}/replay",
    "post /brakes/dry-run",
    "post /requests/views",
    "delete /requests/views/{id}",
    "post /scarcity/replay",
    "post /password",
    "delete /sessions/{id}",
    "post /confirm",
    "post /second-factor",
    "post /second-factor/code",
    "post /second-factor/recovery-codes",
    "delete /second-factor",
  ]);
});

test("an unknown path is a 404, a wrong method a 405 with the right ones, both as problem documents", async () => {
  const unknown = await ask("get", "/nothing");
  expect([unknown.status, unknown.headers.get("content-type")]).toEqual([404, "application/problem+json"]);
  const wrong = await ask("put", "/brakes");
  expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS, POST"]);
  expect((await ask("options", "/brakes")).headers.get("allow")).toBe("GET, HEAD, OPTIONS, POST");
});

test("an answer that differs only in the moment of its figures is not sent again; the moment is", async () => {
  signedInAs = "viewer";
  const figures = { used: 1, at: "2026-11-28T10:00:00.000Z" };
  const table = [
    route({
      method: "get",
      path: "/figures",
      right: "overview.view",
      summary: "Figures",
      input: z.object({}),
      output: z.object({ used: z.number(), at: z.string(), resetAt: z.string() }),
      verb: async () => ({ body: { ...figures, resetAt: figures.at }, clock: figures.at }),
    }),
  ];
  const read = async (tag = "") =>
    adminDoor(new Request(`${PAGE}/api/admin/figures`, { headers: { "if-none-match": tag } }), table);
  const tag = (await read()).headers.get("etag") ?? "";
  figures.at = "2026-11-28T10:00:05.000Z";
  const same = await read(tag);
  expect([same.status, await same.text(), same.headers.get(CLOCK_HEADER)]).toEqual([304, "", figures.at]);
  figures.used = 2;
  const other = await read(tag);
  expect([other.status, (await other.json()).used]).toEqual([200, 2]);
  expect(other.headers.get("etag")).not.toBe(tag);
});
