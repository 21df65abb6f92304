import { afterAll, beforeAll, expect, test } from "vitest";
import { Fleet } from "../fixtures/fleet";
import { freePort, start, until, windowFarFromEnd } from "../fixtures/process";
import { Spillway } from "../fixtures/spillway";

const [OLD, NEW] = ["old-pepper-".repeat(4), "new-pepper-".repeat(4)];
const [OLD_AUTH, NEW_AUTH] = ["old-auth-secret-".repeat(3), "new-auth-secret-".repeat(3)];

let fleet: Fleet;
let before: Spillway;
beforeAll(async () => {
  // What a rolling change begins with: every process knows the new pepper.
  fleet = await Fleet.run(1, { KEY_PEPPER: OLD, KEY_PEPPERS_EARLIER: NEW, AUTH_SECRET: OLD_AUTH, LOG_LEVEL: "warn" });
  const [one] = fleet.processes;
  if (one === undefined) throw new Error("a fleet of one");
  before = one;
  const tier = await before.admin<{ limits: { capacity: number }[] }>("GET", "tiers/standard");
  const limits = tier.limits.map((limit) => ({ ...limit, capacity: limit.capacity * 1000 }));
  const names = { name: "calls-of-a-user", layer: "user", dimension: "requests", algorithm: "fixed_window" };
  const user = { ...names, capacity: 100_000, windowSeconds: windowFarFromEnd() };
  await before.admin("PUT", "tiers/standard", { ...tier, limits: [...limits, user] });
});
afterAll(async () => {
  await fleet.stop();
});

/** A process of the same installation under these peppers. */
async function processUnder(pepper: string, earlier: string): Promise<Spillway> {
  const demo = before.demo;
  const env = {
    ...fleet.env,
    KEY_PEPPER: pepper,
    KEY_PEPPERS_EARLIER: earlier,
    AUTH_SECRET: NEW_AUTH,
    AUTH_SECRETS_EARLIER: earlier === "" ? "" : OLD_AUTH,
  };
  const one = await Spillway.run(env, { keepsEdge: true });
  Object.defineProperty(one, "demo", { value: demo });
  return one;
}

/** The `Cookie` header of an operator who has signed in. */
async function session(at: Spillway): Promise<string> {
  const { email, password } = before.demo.admin;
  const answer = await fetch(`${at.baseUrl}/api/auth/sign-in/email`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: at.baseUrl },
    body: JSON.stringify({ email, password }),
  });
  expect(answer.status).toBe(200);
  return answer.headers
    .getSetCookie()
    .map((cookie) => cookie.split(";")[0])
    .join("; ");
}

test("secrets change while calls run: no call is refused, operators stay signed in, a user's counters and the audit log stay, unused keys need the old pepper", async () => {
  const { standard, free } = before.demo.keys;
  const call = async (at: Spillway) => {
    const answer = await at.chat(standard, { user: "someone" });
    await answer.text();
    return answer.status;
  };
  const requestsOf = async (at: Spillway) => {
    const path = "quota?tenant=standard&user=someone";
    const { limits } = await at.admin<{ limits: { layer: string; dimension: string; used: number }[] }>("GET", path);
    return limits.find(({ layer, dimension }) => layer === "user" && dimension === "requests")?.used;
  };
  expect(await call(before)).toBe(200);
  const usedBefore = await requestsOf(before);
  const cookie = await session(before);
  const sessionAt = async (one: Spillway) =>
    (await fetch(`${one.baseUrl}/api/admin/sessions`, { headers: { cookie } })).status;
  expect(await sessionAt(before)).toBe(200);

  const statuses: number[] = [];
  const at: Spillway[] = [before];
  const over = { is: false };
  const caller = async () => {
    for (let count = 0; !over.is; count++) {
      const to = at[count % at.length];
      if (to !== undefined) statuses.push(await call(to));
    }
  };
  const calls = caller();
  const after = await processUnder(NEW, OLD);
  at.push(after);
  const soFar = statuses.length;
  await until("calls at both processes", () => statuses.length >= soFar + 12);
  over.is = true;
  await calls;
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect(await sessionAt(after)).toBe(200);
  expect(await requestsOf(after)).toBeGreaterThanOrEqual(usedBefore ?? Number.POSITIVE_INFINITY);
  // A key of the new pepper is served by the process of the old one.
  const order = { tenant: "standard", name: "made after the change" };
  const made = await after.admin<{ key: string }>("POST", "keys", order);
  expect((await before.chat(made.key)).status).toBe(200);
  expect(await after.admin("GET", "audit/verify")).toMatchObject({ intact: true });

  await Promise.all([before.kill("SIGTERM"), after.stop()]);
  await using last = await processUnder(NEW, "");
  expect(last.process.output()).toMatch(/keys were not used since KEY_PEPPER changed/);
  expect(await sessionAt(last)).toBe(401);
  expect(await call(last)).toBe(200);
  // It was used by nobody, so only the old pepper knows it.
  expect((await last.chat(free)).status).toBe(401);
  const stranger = start([], {
    ...fleet.env,
    KEY_PEPPER: OLD,
    KEY_PEPPERS_EARLIER: "",
    DATA_DIR: before.dataDir,
    PORT: String(await freePort()),
  });
  expect(await stranger.exited).toBe(1);
  expect(stranger.output()).toContain("KEY_PEPPER: this database's keys were made with another one");
});
