import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { PublicError } from "@/lib/errors";
import type { Actor } from "../kernel/context";
import { answersAhead } from "./ahead";
import { route } from "./route";

const HOME = Symbol.for("spillway.console");
const viewer: Actor = { name: "someone@example.com", role: "viewer", tenants: null, address: "", session: null };

const table = [
  route({
    method: "get",
    path: "/tenants/{slug}/notes",
    right: "tenants.view",
    summary: "Notes",
    input: z.strictObject({ limit: z.coerce.number().default(5) }),
    output: z.object({ of: z.string().optional(), limit: z.number() }),
    verb: async ({ params, input }) => ({ body: { of: params.slug, limit: input.limit } }),
  }),
  route({
    method: "get",
    path: "/staff",
    right: "staff.view",
    summary: "Operators",
    input: z.object({}),
    output: z.object({}),
    verb: async () => ({ body: {} }),
  }),
  route({
    method: "get",
    path: "/gone",
    right: "tenants.view",
    summary: "Nothing",
    input: z.object({}),
    output: z.object({}),
    verb: async () => {
      throw new PublicError("not_found", "There is no such tenant.");
    },
  }),
];

beforeAll(() => void Reflect.set(globalThis, HOME, { publicUrl: "http://127.0.0.1:3000" }));
afterAll(() => void Reflect.deleteProperty(globalThis, HOME));

const textsOf = async (actor: Actor | null, paths: readonly string[]) =>
  Promise.all(answersAhead(actor, table, paths).map(async ({ answer }) => (await answer)?.text ?? null));

test("a page gets the answers that its reads would get, with their parameters and their query", async () => {
  const [plain, limited] = await textsOf(viewer, ["tenants/a%20b/notes", "tenants/acme/notes?limit=3"]);
  expect(plain).toBe('{"of":"a b","limit":5}');
  expect(limited).toBe('{"of":"acme","limit":3}');
});

test("what its reader may not see, what fails, and what does not exist comes as nothing", async () => {
  const paths = ["staff", "gone", "nowhere", "tenants/acme/notes?limit=x", "tenants/a%00b/notes"];
  expect(await textsOf(viewer, paths)).toEqual([null, null, null, null, null]);
  expect(await textsOf({ ...viewer, role: "admin" }, ["staff"])).toEqual(["{}"]);
  expect(await textsOf(null, ["tenants/acme/notes"])).toEqual([null]);
});
