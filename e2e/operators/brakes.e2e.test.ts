import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../fixtures/process";
import { Provider } from "../fixtures/simulator";
import { Spillway } from "../fixtures/spillway";

let spillway: Spillway;
let provider: Provider;
beforeAll(async () => {
  [spillway, provider] = await Promise.all([Spillway.run(), Provider.run()]);
  await provider.serve(spillway);
});
afterAll(async () => {
  await spillway.stop();
  await provider.stop();
});

const brake = (scope: object, more: object = {}) =>
  spillway.admin<{ id: string }>("POST", "brakes", {
    scope,
    mode: "block",
    reason: "a test of the brake",
    expiresInSeconds: 600,
    ...more,
  });
const lift = (id: string) => spillway.admin("DELETE", `brakes/${id}`, { reason: "the test is over" });
const status = async (key: keyof Spillway["demo"]["keys"], body = {}) =>
  (await spillway.chat(spillway.demo.keys[key], body)).status;

describe("a brake is in force for the next call in its scope, and for no other", () => {
  const keyId = () => spillway.demo.keys.standard.split("_")[2];
  test.each([
    ["everything", () => ({}), { standard: 503, enterprise: 503 }],
    ["one tenant", () => ({ tenant: "standard" }), { standard: 503, enterprise: 200 }],
    ["one tier", () => ({ tier: "enterprise" }), { standard: 200, enterprise: 503 }],
    ["one key", () => ({ key: keyId() }), { standard: 503, enterprise: 200 }],
    ["one model", () => ({ model: "sim-small" }), { standard: 503, enterprise: 503 }],
    ["another model", () => ({ model: "sim-large" }), { standard: 200, enterprise: 200 }],
    ["one provider", () => ({ provider: "simulator" }), { standard: 503, enterprise: 503 }],
    ["one endpoint", () => ({ endpoint: "chat" }), { standard: 503, enterprise: 503 }],
    ["tenant AND model", () => ({ tenant: "standard", model: "sim-large" }), { standard: 200, enterprise: 200 }],
  ])("%s", async (_name, scope, expected) => {
    const { id } = await brake(scope());
    expect({ standard: await status("standard"), enterprise: await status("enterprise") }).toEqual(expected);
    await lift(id);
    expect({ standard: await status("standard"), enterprise: await status("enterprise") }).toEqual({
      standard: 200,
      enterprise: 200,
    });
  });
});

test("a brake on an end user stops that user of that tenant, and is not taken without the tenant", async () => {
  const { id } = await brake({ tenant: "standard", user: "ada" });
  const met = [await status("standard", { user: "ada" }), await status("standard", { user: "bob" })];
  expect([...met, await status("enterprise", { user: "ada" })]).toEqual([503, 200, 200]);
  const dry = { scope: { tenant: "standard", user: "bob" } };
  const seen = () => spillway.admin<{ callsPerMinute: number }>("POST", "brakes/dry-run", dry);
  await until("bob's call counts", async () => (await seen()).callsPerMinute === 0.2);
  await lift(id);
  expect(await status("standard", { user: "ada" })).toBe(200);
  const nobody = { scope: { user: "ada" }, mode: "block", reason: "a test of the brake", expiresInSeconds: 600 };
  await spillway.admin("POST", "brakes", nobody, [400]);
});

test("the answer carries the reason, the public message wins over it, and SDKs do not retry", async () => {
  const { id } = await brake({ tenant: "standard" }, { publicMessage: "Back at noon" });
  const before = await spillway.quota(spillway.demo.keys.standard);
  const response = await spillway.chat(spillway.demo.keys.standard);
  const after = await spillway.quota(spillway.demo.keys.standard);
  await lift(id);
  expect(response.status).toBe(503);
  expect(Object.fromEntries(response.headers)).toMatchObject({ "x-should-retry": "false", "x-kill-switch-id": id });
  expect(Number(response.headers.get("retry-after"))).toBeLessThan(60);
  const { error } = await response.json();
  expect(error).toMatchObject({
    code: "kill_switch_active",
    type: "server_error",
    reason: "Back at noon",
    brake_id: id,
  });
  expect(error.message).toContain("Back at noon");
  expect(after[0]?.used).toBeLessThanOrEqual(before[0]?.used ?? 0);
});

test("block lets a running stream finish, cut ends it with an error frame and settles it", async () => {
  const key = spillway.demo.keys.enterprise;
  await provider.play({ tokenMs: 20, outputTokens: 16, times: 1 });
  const finishing = await spillway.chat(key, { stream: true });
  const blocked = await brake({ tenant: "enterprise" });
  const whole = await finishing.text();
  expect(whole).toContain("[DONE]");
  expect(whole).not.toContain("error");
  await lift(blocked.id);

  await provider.play({ mode: "endless", tokenMs: 20, times: 1 });
  const running = await spillway.chat(key, { stream: true });
  const cut = await brake({ tenant: "enterprise" }, { mode: "cut", publicMessage: "stop now" });
  const text = await running.text();
  await lift(cut.id);
  expect(text).toContain('"code":"kill_switch_active"');
  expect(text).toContain("stop now");
  expect(text.trimEnd().endsWith("data: [DONE]")).toBe(true);
  const requestId = running.headers.get("x-request-id") ?? "";
  expect(await until("the row", () => spillway.ledgerRow(requestId))).toMatchObject({
    ending: "brake_cut",
    usageSource: "partial",
  });
  expect((await spillway.quota(key)).find((limit) => limit.name === "concurrent-calls")?.used).toBe(0);
});

test("it lifts automatically when it expires, and observe refuses nothing but counts what it would", async () => {
  // Not one second: on a busy machine that may be over before the call comes.
  await brake({ tenant: "standard" }, { expiresInSeconds: 5 });
  expect(await status("standard")).toBe(503);
  await until("the brake to run out", async () => (await status("standard")) === 200);
  const { id } = await brake({}, { mode: "observe" });
  expect([await status("standard"), await status("standard")]).toEqual([200, 200]);
  await until("what it would have refused", async () => {
    const { brakes } = await spillway.admin<{ brakes: { id: string; refused: number; observed: number }[] }>(
      "GET",
      "brakes",
    );
    const found = brakes.find((one) => one.id === id);
    return found?.observed === 2 && found.refused === 0;
  });
  await lift(id);
});

test("it survives kill -9 and a restart", async () => {
  const { id } = await brake({ tenant: "standard" }, { expiresInSeconds: null });
  expect(await spillway.kill("SIGKILL")).toBeNull();
  await spillway.restart();
  expect(await status("standard")).toBe(503);
  expect(await status("enterprise")).toBe(200);
  await lift(id);
  expect(await status("standard")).toBe(200);
  const { brakes } = await spillway.admin<{
    brakes: { id: string; active: boolean; liftedBy: string; liftReason: string }[];
  }>("GET", "brakes");
  expect(brakes[0]).toMatchObject({ id, active: false, liftedBy: "operator-token", liftReason: "the test is over" });
});

test.each([
  ["no reason", { reason: "" }, "reason"],
  ["a tenant that does not exist", { scope: { tenant: "nobody" } }, 'no tenant "nobody"'],
  ["an unknown scope member", { scope: { planet: "earth" } }, "planet"],
  ["a mode that does not exist", { mode: "slow" }, "mode"],
  ["no duration", { expiresInSeconds: undefined }, "expiresInSeconds"],
  ["a duration of nothing", { expiresInSeconds: 0 }, "expiresInSeconds"],
])("%s is refused in words", async (_name, wrong, words) => {
  const answer = await spillway.admin(
    "POST",
    "brakes",
    { scope: {}, mode: "block", reason: "a test of the brake", expiresInSeconds: 60, ...wrong },
    [400],
  );
  expect(String(answer.detail)).toContain(words);
  expect(await status("enterprise")).toBe(200);
});

test("lifted gradually, a growing share passes and in the end none is refused; what it refused is counted", async () => {
  const { id } = await brake({ tenant: "enterprise" }, { mode: "cut" });
  expect(await status("enterprise")).toBe(503);
  await spillway.admin("DELETE", `brakes/${id}`, { reason: "evenly", rampSeconds: 10 });
  const seen: number[] = [503];
  const isOver = async () => {
    seen.push(await status("enterprise"));
    return seen.slice(-15).every((one) => one === 200);
  };
  await until("every call passes again", isOver, 30_000);
  expect(new Set(seen)).toEqual(new Set([200, 503]));
  type Listed = { brakes: { id: string; refused: number; active: boolean; liftedBy: string }[] };
  const refused = seen.filter((one) => one === 503).length;
  // What is only read by people is written once a second.
  const listed = await until("every refusal to be counted", async () => {
    const { brakes } = await spillway.admin<Listed>("GET", "brakes");
    return brakes.find((one) => one.id === id && one.refused >= refused) ?? null;
  });
  expect(listed).toMatchObject({ refused, liftedBy: "operator-token" });
});
