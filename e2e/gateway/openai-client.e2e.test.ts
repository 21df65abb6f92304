import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until, zoneFarFromMidnight } from "../fixtures/process";
import { Provider } from "../fixtures/simulator";
import { Spillway } from "../fixtures/spillway";

const MESSAGES = [{ role: "user" as const, content: "How does a spillway work?" }];

/** One story behind two doors: our own server, and Next's route handlers. */
describe.each(["own", "next"] as const)("the unmodified openai client, door: %s", (door) => {
  let spillway: Spillway;
  let provider: Provider;
  let client: OpenAI;
  let calls = 0;

  beforeAll(async () => {
    [spillway, provider] = await Promise.all([Spillway.run({ SPILLWAY_DOOR: door }), Provider.run()]);
    await provider.serve(spillway);
    client = clientWith(spillway.demo.keys.enterprise);
  });
  afterAll(async () => {
    await spillway.stop();
    await provider.stop();
  });

  function clientWith(apiKey: string, maxRetries = 2): OpenAI {
    const counted: typeof fetch = (input, init) => {
      calls += 1;
      return fetch(input, init);
    };
    return new OpenAI({ apiKey, baseURL: `${spillway.baseUrl}/v1`, maxRetries, fetch: counted });
  }

  async function booked(requestId: string) {
    const bill = await provider.billOf(requestId);
    const row = await until("the ledger row", () => spillway.ledgerRow(requestId));
    expect({ input: row.inputTokens, output: row.outputTokens }).toEqual({
      input: bill.inputTokens,
      output: bill.outputTokens,
    });
    return row;
  }

  test("a plain call completes, and the ledger says what the provider billed", async () => {
    const { data, response } = await client.chat.completions
      .create({ model: "sim-small", messages: MESSAGES })
      .withResponse();
    expect(data.choices[0]?.message.content).toMatch(/^water finds its level/);
    expect(data.model).toBe("sim-small");
    const row = await booked(response.headers.get("x-request-id") ?? "");
    expect(row).toMatchObject({ tenant: "enterprise", ending: "complete", usageSource: "provider", outputTokens: 24 });
    // 9 input tokens at $0.15 and 24 output tokens at $0.60 per million, in micro-dollars, rounded up.
    expect(row.costMicroUsd).toBe(Math.ceil(row.inputTokens * 0.15 + row.outputTokens * 0.6));
  });

  test("a stream completes; usage it did not ask for is hidden, and booked", async () => {
    const { data: stream, response } = await client.chat.completions
      .create({ model: "sim-small", messages: MESSAGES, stream: true, max_tokens: 8 })
      .withResponse();
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("")).toBe(
      "water finds its level and a spillway lets ",
    );
    expect(chunks.every((chunk) => chunk.choices.length === 1 && !("usage" in chunk))).toBe(true);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("length");
    expect(await booked(response.headers.get("x-request-id") ?? "")).toMatchObject({
      ending: "complete",
      outputTokens: 8,
    });
  });

  test("a stream that asks for usage gets it, once, at the end", async () => {
    const stream = await client.chat.completions.create({
      model: "sim-small",
      messages: MESSAGES,
      stream: true,
      stream_options: { include_usage: true },
    });
    const usages = [];
    for await (const chunk of stream) if (chunk.usage) usages.push(chunk.usage);
    expect(usages).toMatchObject([{ completion_tokens: 24 }]);
  });

  test("an abort stops the provider, and what was delivered is booked as billed", async () => {
    await provider.play({ mode: "hang_after", afterTokens: 5, times: 1 });
    const { data: stream, response } = await client.chat.completions
      .create({ model: "sim-small", messages: MESSAGES, stream: true })
      .withResponse();
    let seen = 0;
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content) seen += 1;
      if (seen === 5) break;
    }
    const requestId = response.headers.get("x-request-id") ?? "";
    const row = await booked(requestId);
    expect(row).toMatchObject({ ending: "client_abort", outputTokens: 5 });
    expect((await provider.billOf(requestId)).aborted).toBe(true);
    await until(
      "the slot to be free",
      async () =>
        (await spillway.quota(spillway.demo.keys.enterprise)).find((limit) => limit.name === "concurrent-calls")
          ?.used === 0,
    );
  });

  test("a refusal is its RateLimitError, with our numbers on it", async () => {
    const loop = clientWith(spillway.demo.keys.loop, 0);
    const ask = () => loop.chat.completions.create({ model: "sim-small", messages: MESSAGES, user: "limited" });
    // On a busy machine a request may be back before the client calls: that shows nothing.
    const error = await until("a refusal", async () => {
      await spillway.exhaust(spillway.demo.keys.loop, "limited");
      return ask().then(
        () => null,
        (thrown: unknown) => ({ thrown }),
      );
    }).then(({ thrown }) => thrown);
    if (!(error instanceof OpenAI.RateLimitError)) throw error;
    expect(error).toMatchObject({ status: 429, code: "rate_limit_exceeded", type: "requests" });
    expect(error.error).toMatchObject({ layer: "user", limit: 10, remaining: 0, asked: 1 });
    expect(error.requestID).toMatch(/^req_/);
  });

  test("a refusal that has a short wait is retried by the client at the announced time, and then passes", async () => {
    const loop = clientWith(spillway.demo.keys.loop, 2);
    // The same here: one call that passes shows nothing.
    for (calls = 1; calls === 1; ) {
      await spillway.exhaust(spillway.demo.keys.loop, "patient");
      calls = 0;
      await loop.chat.completions.create({ model: "sim-small", messages: MESSAGES, user: "patient" });
    }
    expect(calls).toBe(2);
  });

  test("a used-up budget is not retried", async () => {
    const tier = await spillway.admin<{ version: number; limits: { name: string; capacity: number }[] }>(
      "GET",
      "tiers/free",
    );
    const limits = tier.limits.map((limit) =>
      limit.name === "spend-per-day" ? { ...limit, capacity: 400 } : { ...limit, capacity: limit.capacity * 100 },
    );
    await spillway.admin("PUT", "tiers/free", { ...tier, limits });
    await spillway.admin("PATCH", "tenants/free", { timeZone: zoneFarFromMidnight() });
    const free = clientWith(spillway.demo.keys.free);
    // 512 output tokens are held at $0.60 per million: 308 micro-dollars. The second call finds the first one's cost used.
    await provider.play({ outputTokens: 500, times: 1 });
    await free.chat.completions.create({ model: "sim-small", messages: MESSAGES });
    calls = 0;
    const error = await free.chat.completions
      .create({ model: "sim-small", messages: MESSAGES })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ status: 429, code: "insufficient_quota" });
    expect(calls).toBe(1);
  });

  test("models are listed and retrieved", async () => {
    const listed = await client.models.list();
    expect(listed.data.map((model) => model.id)).toEqual(["sim-large", "sim-small", "sim-vision"]);
    expect(await client.models.retrieve("sim-large")).toMatchObject({ id: "sim-large", object: "model" });
    await expect(client.models.retrieve("no/such")).rejects.toMatchObject({ status: 404, code: "model_not_found" });
  });

  test.each([
    ["a wrong key", () => clientWith("sw_live_nope").models.list(), OpenAI.AuthenticationError, "invalid_api_key"],
    [
      "an unknown model",
      () => client.chat.completions.create({ model: "gpt-none", messages: MESSAGES }),
      OpenAI.NotFoundError,
      "model_not_found",
    ],
    [
      "a call that can never fit",
      () =>
        clientWith(spillway.demo.keys.standard).chat.completions.create({
          model: "sim-small",
          messages: MESSAGES,
          max_tokens: 16_000,
          n: 8,
        }),
      OpenAI.BadRequestError,
      "request_exceeds_limit",
    ],
    [
      "more than the model gives",
      () => client.chat.completions.create({ model: "sim-small", messages: MESSAGES, max_tokens: 20_000 }),
      OpenAI.BadRequestError,
      "invalid_max_tokens",
    ],
  ])("%s is its typed error, in one call", async (_name, ask, type, code) => {
    calls = 0;
    const error = await ask().then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(type);
    expect(error).toMatchObject({ code });
    expect(calls).toBe(1);
  });
});
