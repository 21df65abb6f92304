import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { BRAKES_ANSWERS } from "@/lib/console/brakes/answers";
import { makeLog } from "@/lib/log";
import { makeSnapshot } from "@/lib/policy/snapshot/snapshot";
import { BrakeFolder } from "./brake-folder";
import { EmergencyBrakes } from "./emergency-brakes";
import { makeEmergencyDoor } from "./emergency-door";

const log = makeLog("silent");
const TOKEN = `sw_op_${"t".repeat(43)}`;
const EARLIER = `sw_op_${"e".repeat(43)}`;
const NOW = Date.parse("2026-11-27T12:00:00Z");
const BRAKE = { scope: { tenant: "acme" }, mode: "block", reason: "the console is gone", expiresInSeconds: 60 };
const tenant = {
  id: "t1",
  slug: "acme",
  name: "Acme",
  tierId: "gold",
  timeZone: "UTC",
  status: "active",
  linkVersion: 0,
  featureClasses: {},
  classPermits: {},
  createdAt: new Date(NOW),
} as const;
const stored = {
  id: `brk_${"d".repeat(20)}`,
  scope: { tenant: "acme" },
  mode: "observe",
  reason: "of the database",
  publicMessage: null,
  createdBy: "ann",
  createdAt: new Date(NOW - 1000),
  expiresAt: null,
  liftedAt: null,
  liftedBy: null,
  liftReason: null,
  rampFrom: null,
};

let dataDir: string;
beforeEach(() => {
  dataDir = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-door-"));
});
afterEach(() => fs.rmSync(dataDir, { recursive: true, force: true }));

function door() {
  const clock = { now: () => NOW };
  const nothing = { tiers: [], limits: [], overrides: [], providers: [], models: [], prices: [], budgets: [] };
  const rows = { ...nothing, version: 1, tenants: [tenant], brakes: [stored] };
  const snapshot = makeSnapshot({ rows, clock, previous: null });
  const brakes = new EmergencyBrakes({
    folder: new BrakeFolder(path.join(dataDir, "brakes"), log),
    board: null,
    policy: { hold: async () => undefined },
    isDatabaseAway: () => true,
    bookedOf: async () => [],
    log,
  });
  const tokens = { operatorToken: TOKEN, earlierOperatorTokens: [EARLIER] };
  const made = makeEmergencyDoor({ brakes, policy: { snapshot }, clock, log, tokens, isNeeded: async () => true });
  const ask = async (method: string, at: string, body?: unknown) => {
    const bytes = body === undefined ? new Uint8Array() : Buffer.from(JSON.stringify(body));
    const request = { method, path: `/api/admin/brakes${at}`, address: "192.0.2.1", body: bytes, by: "operator-token" };
    const answer = await made.answer(request);
    return { status: answer.status, body: z.record(z.string(), z.unknown()).parse(await answer.json()) };
  };
  return { door: made, brakes, ask };
}

test("only an operator token opens it, the one before it too", () => {
  const { door: made } = door();
  const asks = [`Bearer ${TOKEN}`, `bearer ${EARLIER}`, `Bearer ${TOKEN}x`, "Bearer sw_live_aaaa", TOKEN, undefined];
  expect(asks.map((one) => made.operatorOf(one))).toEqual([
    "operator-token",
    "earlier-operator-token",
    null,
    null,
    null,
    null,
  ]);
});

test("a brake is set, listed with the database's and lifted, in the form of the admin API", async () => {
  const { ask, brakes } = door();
  const set = await ask("POST", "", BRAKE);
  const { id } = BRAKES_ANSWERS.setBrake.parse(set.body);
  expect([set.status, set.body.createdBy, set.body.active]).toEqual([201, "operator-token", true]);
  expect(brakes.held).toMatchObject([{ id, scope: BRAKE.scope, expiresAtMs: NOW + 60_000, address: "192.0.2.1" }]);
  const listed = BRAKES_ANSWERS.listBrakes.parse((await ask("GET", "")).body);
  expect(listed.brakes.map((one) => one.id)).toEqual([id, stored.id]);
  const lifted = await ask("DELETE", `/${id}`, { reason: "over" });
  expect(BRAKES_ANSWERS.lift.parse(lifted.body)).toMatchObject({ active: false, liftReason: "over" });
  expect((await ask("DELETE", `/${id}`)).status).toBe(404);
});

test("one that is lifted gradually is in force meanwhile", async () => {
  const { ask, brakes } = door();
  const { body } = await ask("POST", "", { ...BRAKE, expiresInSeconds: null });
  const lifted = await ask("DELETE", `/${body.id}`, { rampSeconds: 30 });
  expect(lifted.body).toMatchObject({ active: true, rampFrom: new Date(NOW).toISOString(), liftedAt: null });
  expect(brakes.held[0]?.lift).toMatchObject({ untilMs: NOW + 30_000 });
});

test.each<[string, string, string, unknown, number]>([
  ["a tenant that does not exist", "POST", "", { ...BRAKE, scope: { tenant: "nobody" } }, 400],
  ["a field that no brake has", "POST", "", { ...BRAKE, createdBy: "ann" }, 400],
  ["no reason", "POST", "", { ...BRAKE, reason: "" }, 400],
  ["U+0000, which no database would take later", "POST", "", { ...BRAKE, reason: "because\u0000of that" }, 400],
  ["no object", "POST", "", [BRAKE], 400],
  ["another method", "PUT", "", BRAKE, 405],
  ["a drill", "POST", "/drill", {}, 405],
  ["a brake that nobody set", "DELETE", "/brk_x", {}, 404],
  ["a brake of the database", "DELETE", `/${stored.id}`, {}, 503],
])("%s is refused and leaves nothing", async (_what, method, at, body, status) => {
  const { ask, brakes } = door();
  expect((await ask(method, at, body)).status).toBe(status);
  expect(brakes.held).toEqual([]);
});

test("more than anybody sets by hand are refused, so that nobody fills the disk", async () => {
  const { ask, brakes } = door();
  await ask("POST", "", BRAKE);
  const folder = path.join(dataDir, "brakes");
  const [first = ""] = fs.readdirSync(folder);
  const text = fs.readFileSync(path.join(folder, first), "utf8");
  for (let nth = 0; nth < 99; nth++) {
    const id = `brk_${String(nth).padStart(20, "0")}`;
    fs.writeFileSync(path.join(folder, `${id}.json`), text.replace(first.replace(".json", ""), id));
  }
  await brakes.look();
  expect(brakes.held).toHaveLength(100);
  expect((await ask("POST", "", BRAKE)).status).toBe(409);
});
