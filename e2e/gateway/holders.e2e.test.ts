import { afterAll, beforeAll, expect, test } from "vitest";
import { Provider } from "../fixtures/simulator";
import { Spillway } from "../fixtures/spillway";

let spillway: Spillway;
let provider: Provider;
let key: string;
beforeAll(async () => {
  [spillway, provider] = await Promise.all([Spillway.run(), Provider.run()]);
  await provider.serve(spillway);
  await spillway.admin("POST", "tenants", { slug: "watched", name: "watched", tier: "enterprise" });
  await spillway.admin("POST", "overrides", {
    ...{ tenant: "watch*", limit: "requests-per-minute", capacity: 200 },
    ...{ reason: "INTERNAL: they pay late", expiresInSeconds: 3600 },
  });
  key = (await spillway.admin<{ key: string }>("POST", "keys", { tenant: "watched", name: "one" })).key;
});
afterAll(async () => {
  await spillway.stop();
  await provider.stop();
});

const send = async (method: string, path: string, body?: object) => {
  const answer = await fetch(`${spillway.baseUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", "anthropic-version": "2023-06-01" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text: `${JSON.stringify([...answer.headers])}\n${text}` };
};
const messages = [{ role: "user", content: "hi" }];
const ask = { model: "sim-small", max_tokens: 16, messages };

/** Every path that a key may ask, in every dialect. */
async function everyAnswer() {
  const answers = [
    await send("POST", "/v1/chat/completions", ask),
    await send("POST", "/v1/chat/completions", { ...ask, stream: true }),
    await send("POST", "/v1/messages", ask),
    await send("POST", "/v1/responses", { model: "sim-small", max_output_tokens: 16, input: "hi" }),
    await send("POST", "/v1/embeddings", { model: "sim-small", input: "hi" }),
    await send("POST", "/v1/messages/count_tokens", { model: "sim-small", messages }),
    await send("POST", "/api/chat", { message: "hi" }),
    await send("POST", "/v1/chat/completions", {}),
    await send("GET", "/v1/models"),
    await send("GET", "/v1/models/sim-small"),
    await send("GET", "/v1/quota"),
    await send("GET", "/v1/nothing"),
  ];
  const refused = answers.find(({ status }) => status === 429 || status === 400)?.headers.get("x-request-id");
  return [...answers, await send("GET", `/v1/refusals/${refused}`)];
}

async function expectNothing(secret: RegExp) {
  const answers = await everyAnswer();
  for (const { text } of answers) expect(text).not.toMatch(secret);
  return answers.map(({ status }) => status);
}

/** Limits for everyone whose numbers appear nowhere else. */
async function putEveryone(limit: object): Promise<void> {
  const { version } = await spillway.admin<{ version: number }>("GET", "everyone");
  const perDay = { dimension: "requests", algorithm: "fixed_window", windowSeconds: 86_400 };
  const limits = [
    { ...perDay, name: "all-calls", layer: "global", capacity: 76_543 },
    { ...perDay, name: "all-of-it", layer: "provider", capacity: 76_542 },
    { ...perDay, name: "all-here", layer: "model", capacity: 76_541 },
    { ...perDay, name: "all-there", layer: "ip", capacity: 76_540 },
    limit,
  ];
  await spillway.admin("PUT", "everyone", { version, limits, comment: "for the test" });
}

test("while calls pass, no answer holds an operator's reason, a pattern, or a total of what all tenants share", async () => {
  await putEveryone({
    name: "tokens",
    layer: "global",
    dimension: "total_tokens",
    algorithm: "token_bucket",
    capacity: 987_654_321,
    windowSeconds: 60,
  });
  const statuses = await expectNothing(/INTERNAL|watch\*|7654[123]|7653\d|98765\d{4}/);
  expect(statuses.slice(0, 4)).toEqual([200, 200, 200, 200]);
  const quota = JSON.parse((await send("GET", "/v1/quota")).text.split("\n")[1] ?? "");
  const line = (name: string) => quota.limits.find((one: { name: string }) => one.name === name);
  expect(line("all-calls")).toMatchObject({ shared: true, limit: null, used: null, remaining: null });
  expect(line("all-there")).toMatchObject({ shared: true, limit: 76_540, used: null, remaining: null });
  expect(line("requests-per-minute")).toMatchObject({ shared: false, limit: 200, origin: { from: "override" } });
  expect(line("requests-per-minute").origin).toEqual({ from: "override" });
});

test.each(["global", "model", "provider"])(
  "refused by a shared limit (%s), no answer holds its numbers",
  async (layer) => {
    const rest = { dimension: "total_tokens", algorithm: "fixed_window", windowSeconds: 86_400 };
    await putEveryone({ ...rest, name: `tokens-${layer}`, layer, capacity: 87_654_321 });
    for (let call = 0; call < 3; call++)
      await spillway.chat(spillway.demo.keys.enterprise).then((answer) => answer.text());
    await putEveryone({ ...rest, name: `tokens-${layer}`, layer, capacity: 41 });
    const statuses = await expectNothing(/INTERNAL|7654[123]|7653\d|"(limit|used|remaining)":41\b|of 41 /);
    expect(statuses[0]).toBeGreaterThanOrEqual(400);
    expect(statuses.at(-1)).toBe(200);
    await putEveryone({ ...rest, name: `tokens-${layer}`, layer, capacity: 87_654_321 });
  },
);

test.each(["block", "cut"])(
  "stopped by a brake (%s), no answer holds its reason; the public message is told",
  async (mode) => {
    const brake = { scope: { tenant: "watched" }, mode, reason: "INTERNAL: unpaid bill", expiresInSeconds: 600 };
    const { id } = await spillway.admin<{ id: string }>("POST", "brakes", brake);
    const statuses = await expectNothing(/INTERNAL|unpaid/);
    expect(statuses.slice(0, 3)).toEqual([503, 503, 503]);
    await spillway.admin("DELETE", `brakes/${id}`, { reason: "over" });
  },
);

test("a running stream that a brake cuts ends with the public message and not with the reason", async () => {
  await provider.play({ mode: "endless", tokenMs: 20, times: 1 });
  const running = await spillway.chat(key, { stream: true });
  const brake = { scope: { tenant: "watched" }, mode: "cut", reason: "INTERNAL: unpaid bill", expiresInSeconds: 600 };
  const { id } = await spillway.admin<{ id: string }>("POST", "brakes", brake);
  const text = await running.text();
  await spillway.admin("DELETE", `brakes/${id}`, { reason: "over" });
  expect(text).toContain("kill_switch_active");
  expect(text).not.toMatch(/INTERNAL|unpaid/);
});
