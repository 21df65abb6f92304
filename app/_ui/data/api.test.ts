import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { z } from "zod";
import { adminDoor } from "@/lib/console/api/door";
import { route } from "@/lib/console/api/route";
import { api, expectAhead } from "./api";

const HOME = Symbol.for("spillway.console");
const ORIGIN = "http://127.0.0.1:3000";
const figures = { used: 1, at: "2026-11-28T10:00:00.000Z" };
const statuses: number[] = [];
const bytes: number[] = [];
const quota = {
  limits: ["a", "b", "c", "d"].map((name) => ({ name, layer: "tenant", used: 10, limit: 100, resetSeconds: 60 })),
};
/** What comes instead of the server's answer; null = nothing in between. */
let faulty: (() => Promise<Response>) | null = null;

const table = [
  route({
    method: "get",
    path: "/figures",
    right: "overview.view",
    summary: "Figures of a moment",
    input: z.object({}),
    output: z.object({ used: z.number(), at: z.string(), resetAt: z.string() }),
    verb: async () => ({ body: { ...figures, resetAt: figures.at }, clock: figures.at }),
  }),
  route({
    method: "get",
    path: "/quota",
    right: "overview.view",
    summary: "Limits that are in use",
    input: z.object({}),
    output: z.looseObject({}),
    verb: async () => ({ body: { at: figures.at, ...quota }, clock: figures.at }),
  }),
];

beforeAll(() => {
  Reflect.set(globalThis, HOME, {
    ...{ publicUrl: ORIGIN, operatorToken: "the-operator-token", earlierOperatorTokens: [] },
    ...{ clock: { now: () => 1000 }, log: { error: () => undefined }, bounded: { take: () => false } },
  });
  vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
    if (faulty !== null) return faulty();
    const request = new Request(`${ORIGIN}${path}`, init);
    request.headers.set("authorization", "Bearer the-operator-token");
    const response = await adminDoor(request, table);
    statuses.push(response.status);
    bytes.push((await response.clone().text()).length);
    return response;
  });
});
afterEach(() => {
  faulty = null;
});
afterAll(() => {
  vi.unstubAllGlobals();
  Reflect.deleteProperty(globalThis, HOME);
});

test("figures that stay are not sent again, and the page has them with their new moment", async () => {
  expect(await api("figures")).toEqual({ used: 1, at: figures.at, resetAt: figures.at });
  for (const second of [5, 10]) {
    figures.at = `2026-11-28T10:00:${String(second).padStart(2, "0")}.000Z`;
    expect(await api("figures")).toEqual({ used: 1, at: figures.at, resetAt: figures.at });
  }
  figures.used = 2;
  expect(await api("figures")).toEqual({ used: 2, at: figures.at, resetAt: figures.at });
  expect(statuses).toEqual([200, 304, 304, 226]);
});

test("of figures that change, only the changes are sent, and the page has the whole answer", async () => {
  statuses.length = 0;
  bytes.length = 0;
  for (const second of [10, 11, 12]) {
    figures.at = `2026-11-28T11:00:${second}.000Z`;
    for (const limit of quota.limits) limit.resetSeconds = 70 - second;
    expect(await api("quota")).toEqual({ at: figures.at, ...quota });
  }
  expect(statuses).toEqual([200, 226, 226]);
  const [whole = 0, ...changes] = bytes;
  for (const one of changes) expect(one).toBeLessThan(whole * 0.7);
});

test("an answer that the server no longer keeps is sent whole", async () => {
  await api("quota");
  Reflect.deleteProperty(globalThis, Symbol.for("spillway.kept-answers"));
  figures.at = "2026-11-28T12:00:00.000Z";
  for (const [index, limit] of quota.limits.entries()) limit.used = index;
  statuses.length = 0;
  expect(await api("quota")).toEqual({ at: figures.at, ...quota });
  expect(statuses).toEqual([200]);
});

/** React's promise of a value that comes with a page: it calls back, and `then` returns nothing. */
function asReactSends<Value>(value: Value): Promise<Value> {
  const calledBack = { value: (resolve: (value: Value) => void) => queueMicrotask(() => resolve(value)) };
  // biome-ignore lint/suspicious/noThenProperty: it is what React makes.
  return Object.create(Promise.prototype, { then: calledBack });
}

test("what came with the page is not asked for again, once, and not after a change", async () => {
  statuses.length = 0;
  const text = JSON.stringify({ used: 99 });
  const ahead = () => ({ path: "figures", answer: asReactSends({ text, tag: '"of-the-page"', clock: null }) });
  const first = ahead();
  expectAhead([first]);
  expect(await api("figures")).toEqual({ used: 99 });
  expect(statuses).toEqual([]);
  // A page that the browser shows again has the same answers.
  expectAhead([first]);
  expect(await api("figures")).toMatchObject({ used: 2 });
  expectAhead([ahead()]);
  await api("figures", { method: "POST", body: {} }).catch(() => undefined);
  expect(await api("figures")).toMatchObject({ used: 2 });
  expectAhead([{ path: "figures", answer: Promise.resolve(null) }]);
  expect(await api("figures")).toMatchObject({ used: 2 });
  expect(statuses).toEqual([200, 405, 304, 304]);
});

test("a server that does not answer, and a proxy's own page, give words with a way on", async () => {
  faulty = () => Promise.reject(new TypeError("Failed to fetch"));
  await expect(api("figures")).rejects.toMatchObject({
    code: "unreachable",
    message: expect.stringContaining("Check the connection"),
  });
  faulty = async () => new Response("<html>Bad gateway</html>", { status: 502 });
  await expect(api("figures")).rejects.toMatchObject({
    status: 502,
    message: expect.stringMatching(/status 502.*proxy/),
  });
});
