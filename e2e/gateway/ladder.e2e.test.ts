import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { until, zoneFarFromMidnight } from "../fixtures/process";
import { Provider } from "../fixtures/simulator";
import { Spillway } from "../fixtures/spillway";

let spillway: Spillway;
let provider: Provider;

beforeAll(async () => {
  [spillway, provider] = await Promise.all([Spillway.run(), Provider.run()]);
  await provider.serve(spillway);
  await spillway.admin("PATCH", "tenants/standard", { timeZone: zoneFarFromMidnight() });
});
afterAll(async () => {
  await spillway.stop();
  await provider.stop();
});
beforeEach(() => provider.play({}));

type Tier = { version: number; limits: { name: string; capacity: number }[]; ladder: object };
const TOKENS = {
  name: "user-tokens",
  layer: "user",
  dimension: "total_tokens",
  algorithm: "token_bucket",
  refill: 1,
  windowSeconds: 31_000_000,
};
const SPEND = {
  name: "user-spend",
  layer: "user",
  dimension: "cost_micro_usd",
  algorithm: "calendar_window",
  calendarPeriod: "day",
};

async function setTier(own: readonly object[], ladder: object): Promise<void> {
  const current = await spillway.admin<Tier>("GET", "tiers/standard");
  const limits = current.limits
    .filter(({ name }) => !name.startsWith("user-"))
    .map((limit) => ({ ...limit, capacity: 1_000_000_000 }));
  await spillway.admin("PUT", "tiers/standard", { ...current, limits: [...limits, ...own], ladder });
}

let users = 0;
function caller(feature = "any") {
  const user = `user ${users++}`;
  return (body: object = {}) =>
    spillway.chat(
      spillway.demo.keys.standard,
      { model: "sim-large", max_tokens: 1000, ...body },
      { headers: { "x-spillway-user": user, "x-spillway-feature": feature } },
    );
}

const served = (answer: Response) => [
  answer.status,
  answer.headers.get("x-spillway-served-model"),
  answer.headers.get("x-spillway-degraded"),
];

describe("the ladder of a tier", () => {
  test("max_tokens is trimmed to what fits now, the provider is held to it, and the caller and the ledger see it", async () => {
    await setTier([{ ...TOKENS, capacity: 600 }], { trimTo: 100 });
    await provider.play({ outputTokens: 5000 });
    const ask = caller();
    const answer = await ask();
    const row = await until("the row", () => spillway.ledgerRow(answer.headers.get("x-request-id") ?? ""));
    const most = 600 - row.estimatedInputTokens;
    expect(served(answer)).toEqual([200, "sim-large", `trimmed; asked-max-tokens=1000; served-max-tokens=${most}`]);
    const { usage, choices } = await answer.json();
    expect([usage.completion_tokens, choices[0].finish_reason]).toEqual([most, "length"]);
    const models = { askedModel: "sim-large", servedModel: "sim-large" };
    expect(row).toMatchObject({ degradation: "trimmed", ...models, outputTokens: most });
    // Less than the least it may be trimmed to is left now.
    expect((await ask()).status).toBe(429);
  });

  test("then a cheaper model of the list serves it, in one request to the store, and only what it cost is charged", async () => {
    await setTier([{ ...SPEND, capacity: 5000 }], { models: ["no-longer-there", "sim-small"].slice(1) });
    const ask = caller();
    // 1,000 output tokens are held at $10 per million: 10,000 micro-dollars never fit. At $0.60 they do.
    const answer = await ask();
    expect(served(answer)).toEqual([200, "sim-small", 'cheaper; asked-model="sim-large"']);
    expect((await answer.json()).model).toBe("sim-large");
    const row = await until("the row", () => spillway.ledgerRow(answer.headers.get("x-request-id") ?? ""));
    expect(row).toMatchObject({ degradation: "cheaper", askedModel: "sim-large", servedModel: "sim-small" });
    expect(row.costMicroUsd).toBe(Math.ceil(row.inputTokens * 0.15 + row.outputTokens * 0.6));
  });

  test("a cheaper model is trimmed as well when not even that fits whole", async () => {
    await setTier([{ ...SPEND, capacity: 500 }], { models: ["sim-small"], trimTo: 100 });
    const answer = await caller()();
    const row = await until("the row", () => spillway.ledgerRow(answer.headers.get("x-request-id") ?? ""));
    const each = Math.floor((500 - row.estimatedInputTokens * 0.15) / 0.6);
    const how = `cheaper; asked-model="sim-large"; asked-max-tokens=1000; served-max-tokens=${each}`;
    expect(served(answer)).toEqual([200, "sim-small", how]);
  });

  test("without a ladder the same call is refused; what can never fit says so", async () => {
    await setTier([{ ...SPEND, capacity: 5000 }], {});
    const answer = await caller()();
    expect([answer.status, (await answer.json()).error.code]).toEqual([400, "request_exceeds_limit"]);
  });

  test("a budget that is nearly used up starts it", async () => {
    await setTier([{ ...SPEND, capacity: 30_000 }], { models: ["sim-small"], fromBudgetShare: 0.3 });
    await provider.play({ outputTokens: 1000 });
    const ask = caller();
    expect(served(await ask())).toEqual([200, "sim-large", null]);
    // A third is used: still told by the next decision, so the one after it is the first to begin lower.
    expect(served(await ask())).toEqual([200, "sim-large", null]);
    expect(served(await ask())[1]).toBe("sim-small");
  });

  test("a degrading brake starts it, for what it covers, until it is lifted", async () => {
    await setTier([], { models: ["sim-small"] });
    const { id } = await spillway.admin<{ id: string }>("POST", "brakes", {
      scope: { model: "sim-large" },
      mode: "degrade",
      reason: "the large one is dear today",
      expiresInSeconds: 60,
    });
    expect(served(await caller()())[1]).toBe("sim-small");
    await spillway.admin("DELETE", `brakes/${id}`, {});
    expect(served(await caller()())[1]).toBe("sim-large");
  });

  test("a cheaper model that is braked, not allowed or dearer is no way out", async () => {
    await setTier([{ ...SPEND, capacity: 5000 }], { models: ["sim-small", "sim-vision"] });
    const { id } = await spillway.admin<{ id: string }>("POST", "brakes", {
      scope: { model: "sim-small" },
      mode: "block",
      reason: "not this one",
      expiresInSeconds: 60,
    });
    expect(served(await caller()())[1]).toBe("sim-vision");
    await spillway.admin("DELETE", `brakes/${id}`, {});
    await setTier([{ ...SPEND, capacity: 100 }], { models: ["sim-large"] });
    expect((await caller()({ model: "sim-small" })).status).toBe(400);
  });

  test("a ladder with a model that is not there is refused where it is written", async () => {
    const current = await spillway.admin<Tier>("GET", "tiers/standard");
    const put = spillway.admin("PUT", "tiers/standard", { ...current, ladder: { models: ["none"] } });
    await expect(put).rejects.toThrow(/the model \\"none\\" does not exist/);
    const wrong = spillway.admin("PUT", "tiers/standard", { ...current, ladder: { trimTo: 0 } });
    await expect(wrong).rejects.toThrow(/400/);
  });
});

describe("the learned reserve", () => {
  test("holds what such calls have used lately; an overrun becomes debt that is repaid", async () => {
    await setTier([{ ...TOKENS, capacity: 3000 }], { reserve: "learned" });
    const teacher = caller("learned");
    for (let call = 0; call < 20; call++) await (await teacher({ max_tokens: 100 })).text();
    await provider.play({ tokenMs: 20, outputTokens: 24 });
    const burst = caller("learned");
    const answers = await Promise.all(Array.from({ length: 40 }, () => burst()));
    // Worst case 1,000 are held for each: 2 at once. Learned: 27 and the input.
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(40);
    await provider.play({ outputTokens: 1000 });
    const long = caller("learned");
    const [first, second, third] = await Promise.all([long(), long(), long()]);
    expect([first.status, second.status, third.status]).toEqual([200, 200, 200]);
    await until("three thousand to be charged", async () => (await long()).status === 429);
  });

  test("a feature with a fixed class holds that", async () => {
    await setTier([{ ...TOKENS, capacity: 300 }], { reserve: "worst" });
    await spillway.admin("PUT", "tenants/standard/features/summary", { costClass: "S" });
    const send = (feature: string) =>
      spillway.chat(
        spillway.demo.keys.standard,
        { max_tokens: 1000 },
        { headers: { "x-spillway-user": `class ${feature}`, "x-spillway-feature": feature } },
      );
    expect((await send("summary")).status).toBe(200);
    expect((await send("other")).status).toBe(400);
    await spillway.admin("PUT", "tenants/standard/features/summary", { costClass: null });
    expect((await send("summary")).status).toBe(400);
  });
});
