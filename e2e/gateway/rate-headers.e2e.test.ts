import { afterAll, beforeAll, expect, test } from "vitest";
import { Provider } from "../fixtures/simulator";
import { Spillway } from "../fixtures/spillway";

let spillway: Spillway;
let provider: Provider;
let key: string;
beforeAll(async () => {
  [spillway, provider] = await Promise.all([Spillway.run(), Provider.run()]);
  await provider.serve(spillway);
  await spillway.admin("POST", "tenants", { slug: "told", name: "told", tier: "enterprise" });
  await spillway.admin("POST", "overrides", {
    tenant: "told",
    limit: "requests-per-minute",
    capacity: 10,
    refill: 1,
    reason: "for the test",
    expiresInSeconds: 3600,
  });
  key = (await spillway.admin<{ key: string }>("POST", "keys", { tenant: "told", name: "one" })).key;
});
afterAll(async () => {
  await spillway.stop();
  await provider.stop();
});

const send = (method: string, path: string, body?: string) =>
  fetch(`${spillway.baseUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body }),
  });
const messages = [{ role: "user", content: "hi" }];
const chat = (more: object = {}) =>
  send("POST", "/v1/chat/completions", JSON.stringify({ model: "sim-small", max_tokens: 16, messages, ...more }));

/** Whole numbers in every form, and a policy that is true: ten, of which one comes back a minute. */
function expectTold(answer: Response): number {
  const told = (name: string) => answer.headers.get(name) ?? "";
  expect(told("x-ratelimit-limit")).toBe("10");
  expect(told("x-ratelimit-remaining")).toMatch(/^\d+$/);
  expect(told("x-ratelimit-remaining-requests")).toBe(told("x-ratelimit-remaining"));
  expect(told("ratelimit-policy")).toContain('"requests-per-minute";q=10;w=600');
  expect(told("ratelimit")).toContain(`"requests-per-minute";r=${told("x-ratelimit-remaining")};t=`);
  const resetInSeconds = Number(told("x-ratelimit-reset")) - Date.now() / 1000;
  expect(resetInSeconds).toBeGreaterThan(-2);
  expect(resetInSeconds).toBeLessThanOrEqual(602);
  return Number(told("x-ratelimit-remaining"));
}

test("every answer to a known key carries its limits: served, refused at the door, by the operator, by the provider", async () => {
  const whole = await chat();
  expect(whole.status).toBe(200);
  expect(expectTold(whole)).toBe(9);
  const stream = await chat({ stream: true });
  expect(expectTold(stream)).toBe(8);
  await stream.text();
  const plain = await send("POST", "/api/chat", JSON.stringify({ message: "hi" }));
  expect([plain.status, expectTold(plain)]).toEqual([200, 7]);

  const others: [string, Promise<Response>, number][] = [
    ["models", send("GET", "/v1/models"), 200],
    ["quota", send("GET", "/v1/quota"), 200],
    ["no JSON", send("POST", "/v1/chat/completions", "{"), 400],
    ["no messages", send("POST", "/v1/messages", "{}"), 400],
    ["an unknown model", chat({ model: "nobody" }), 404],
    ["an unknown id", send("GET", "/v1/models/nobody"), 404],
  ];
  for (const [name, answer, status] of others) {
    expect([name, (await answer).status, expectTold(await answer)]).toEqual([name, status, 7]);
  }
  const anthropic = await send("POST", "/v1/messages", "{}");
  expect(anthropic.headers.get("anthropic-ratelimit-requests-remaining")).toBe("7");

  const { id } = await spillway.admin<{ id: string }>("POST", "brakes", {
    scope: { tenant: "told" },
    mode: "block",
    reason: "a test of the brake",
    expiresInSeconds: 600,
  });
  const braked = await chat();
  expect([braked.status, expectTold(braked)]).toEqual([503, 7]);
  await spillway.admin("DELETE", `brakes/${id}`, { reason: "the test is over" });

  await provider.play({ mode: "server_error" });
  const failed = await chat();
  expect(failed.status).toBe(502);
  expect(expectTold(failed)).toBe(6);
  await provider.play({ mode: "normal" });
  for (let left = 5; left >= 0; left--) expect(expectTold(await chat())).toBe(left);
  const refused = await chat();
  expect([refused.status, expectTold(refused)]).toEqual([429, 0]);
});

test("an answer to an unknown key carries no limits", async () => {
  const answer = await fetch(`${spillway.baseUrl}/v1/models`, { headers: { authorization: "Bearer sw_live_no" } });
  expect(answer.status).toBe(401);
  expect([...answer.headers.keys()].filter((name) => name.includes("ratelimit"))).toEqual([]);
});
