import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../fixtures/process";
import { Spillway } from "../fixtures/spillway";

let spillway: Spillway;
beforeAll(async () => {
  spillway = await Spillway.run({}, { keepsEdge: true });
});
afterAll(() => spillway.stop());

function say(key: string, body: Readonly<Record<string, unknown>> = { message: "Hello" }): Promise<Response> {
  return fetch(`${spillway.baseUrl}/api/chat`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

const passedOf = (statuses: readonly number[]) => statuses.filter((status) => status === 200).length;

describe("the loop of the README", () => {
  test("fifteen calls in a row: ten are admitted, five are refused with the wait; about five more pass after ten seconds", async () => {
    const statuses: number[] = [];
    let refused: Response | null = null;
    const began = Date.now();
    // A request flows back every two seconds: on a slow machine some do while the loop runs.
    const flowedBack = (since: number) => Math.floor((Date.now() - since) / 2000);
    for (let call = 0; call < 15; call++) {
      const response = await say(spillway.demo.keys.loop);
      statuses.push(response.status);
      // The first one: those after it came before its wait was over, and on a slow machine their wait is longer.
      if (response.status === 429) refused ??= response;
      else {
        const { model, quota } = await response.json();
        const [address, user] = quota.limits;
        expect([model, address]).toMatchObject(["sim-small", { name: "calls-per-address", layer: "ip", limit: 20 }]);
        expect(user).toMatchObject({ name: "user-requests", limit: 10 });
        expect(user.remaining).toBeGreaterThanOrEqual(Math.max(0, 9 - call));
        expect(user.remaining).toBeLessThanOrEqual(Math.max(0, 9 - call) + flowedBack(began));
      }
    }
    const late = flowedBack(began);
    expect(statuses.slice(0, 10)).toEqual(Array(10).fill(200));
    expect(passedOf(statuses)).toBeLessThanOrEqual(10 + late);
    expect(refused).not.toBeNull();
    const { error } = await (refused ?? Response.error()).json();
    const wait = Number(refused?.headers.get("retry-after"));
    expect(wait).toBeGreaterThanOrEqual(1);
    expect(wait).toBeLessThanOrEqual(2);
    expect(error).toMatchObject({
      code: "rate_limit_exceeded",
      type: "requests",
      layer: "user",
      dimension: "requests",
      limit: 10,
      remaining: 0,
      asked: 1,
    });
    expect(error.retry_after_seconds).toBeLessThanOrEqual(wait);
    expect(error.message).toContain(`Please try again in ${wait}s.`);

    const left = await until("five requests to flow back", async () => {
      const lines = await spillway.quota(spillway.demo.keys.loop);
      const remaining = lines.find(({ name }) => name === "user-requests")?.remaining ?? 0;
      // A machine that stood still for two seconds sees more of them at once.
      return remaining >= 5 && remaining;
    });
    const later: number[] = [];
    const again = Date.now();
    for (let call = 0; call < 6; call++) later.push((await say(spillway.demo.keys.loop)).status);
    expect(later.slice(0, 5)).toEqual(Array(5).fill(200));
    expect(passedOf(later)).toBeLessThanOrEqual(left + flowedBack(again - 2000));
  });

  test("another user of the same key has a bucket of its own", async () => {
    expect((await say(spillway.demo.keys.loop, { message: "Hello", user: "somebody else" })).status).toBe(200);
    const answer = await say(spillway.demo.keys.loop, { message: "Hello", user_id: "a third" });
    expect([answer.status, (await answer.json()).quota.limits[1].used]).toEqual([200, 1]);
  });

  test("bad input gets an error that says what to send, and spends nothing", async () => {
    const response = await say(spillway.demo.keys.free, { text: "Hello" });
    expect(response.status).toBe(400);
    expect((await response.json()).error.message).toContain('Send {"message": "…"');
    const own = (await spillway.quota(spillway.demo.keys.free)).filter(({ layer }) => layer !== "ip");
    expect(own.map((limit) => limit.used)).toEqual([0, 0, 0, 0]);
  });
});

describe("the seeded tiers", () => {
  test.each([
    ["free", [10, 10_000, 2, 1_000_000]],
    ["standard", [60, 100_000, 10, 50_000_000]],
    ["enterprise", [300, 1_000_000, 50]],
  ] as const)("%s", async (tier, capacities) => {
    expect((await spillway.quota(spillway.demo.keys[tier])).map((limit) => limit.limit)).toEqual([20, ...capacities]);
  });
});
