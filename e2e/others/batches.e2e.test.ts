import Anthropic from "@anthropic-ai/sdk";
import OpenAI, { toFile } from "openai7";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { until, zoneFarFromMidnight } from "../fixtures/process";
import { answering, type Came, Scripted } from "../fixtures/scripted";
import { Spillway } from "../fixtures/spillway";

let spillway: Spillway;
let upstream: Scripted;
beforeAll(async () => {
  [spillway, upstream] = await Promise.all([Spillway.run(), Scripted.run()]);
  await upstream.serve(spillway, "up", { coolsDown: false });
  await upstream.serve(spillway, "claude", { dialect: "anthropic", coolsDown: false });
  for (const [name, more] of [
    ["up", {}],
    ["claude", {}],
  ] as const) {
    const rates = { inputMicroUsdPerMillion: 500_000, outputMicroUsdPerMillion: 2_500_000 };
    await spillway.admin("PUT", `models/${name}`, {
      provider: name,
      upstreamName: "up-model",
      contextTokens: 400_000,
      maxOutputTokens: 65_536,
      defaultOutputTokens: 1024,
      price: {
        inputMicroUsdPerMillion: 1_000_000,
        outputMicroUsdPerMillion: 5_000_000,
        serviceTiers: { batch: rates },
      },
      ...more,
    });
  }
  for (const tenant of ["enterprise", "standard"]) {
    await spillway.admin("POST", "budgets", { ...budget(), slug: `${tenant}-money`, tenant });
  }
});
afterAll(async () => {
  await spillway.stop();
  upstream.stop();
});
beforeEach(() => void upstream.came.splice(0));

/** Its month does not end between two looks at it. */
const budget = () => ({
  level: "tenant",
  period: "month",
  timeZone: zoneFarFromMidnight(),
  amountMicroUsd: 100_000_000,
});
const openai = (key: "enterprise" | "standard" = "enterprise") =>
  new OpenAI({
    apiKey: spillway.demo.keys[key],
    baseURL: `${spillway.baseUrl}/v1`,
    maxRetries: 0,
    defaultHeaders: { "x-spillway-model": "up" },
  });
const anthropic = (key: "enterprise" | "standard" = "enterprise") =>
  new Anthropic({ apiKey: spillway.demo.keys[key], baseURL: spillway.baseUrl, maxRetries: 0 });
const statusOf = (work: Promise<unknown>) =>
  work.then(
    () => 200,
    (error: unknown) =>
      error instanceof OpenAI.APIError || error instanceof Anthropic.APIError ? error.status : String(error),
  );
const line = (id: string, body: object) =>
  JSON.stringify({ custom_id: id, method: "POST", url: "/v1/chat/completions", body });
const asked = (more: object = {}) => ({
  model: "up",
  max_tokens: 1000,
  messages: [{ role: "user", content: "How deep is the reservoir?" }],
  ...more,
});
const file = (id: string, purpose = "batch") => ({
  id,
  object: "file",
  purpose,
  bytes: 1,
  created_at: 1,
  filename: "f",
});
const batch = (id: string, more: object = {}) => ({ id, object: "batch", status: "in_progress", ...more });

async function uploaded(id: string, lines: readonly string[]) {
  upstream.play = answering(200, file(id));
  return openai().files.create({ purpose: "batch", file: await toFile(Buffer.from(lines.join("\n")), "calls.jsonl") });
}

async function submitted(fileId: string, id: string) {
  upstream.play = answering(200, batch(id));
  const asking = { input_file_id: fileId, endpoint: "/v1/chat/completions", completion_window: "24h" } as const;
  const { response } = await openai().batches.create(asking).withResponse();
  return response.headers.get("x-request-id") ?? "";
}

/** What calls sent. On a slow machine the gateway looks for the end of a batch by itself meanwhile. */
const sent = () =>
  upstream.came.filter(({ method, path }) => method !== "GET" || !/^\/v1\/(messages\/)?batches\/\w+$/.test(path));

const rowOf = (id: string) => until("its row", () => spillway.ledgerRow(id));
async function budgetOf(tenant: string) {
  type Budgets = { budgets: { slug: string; spenders: { bookedMicroUsd: number; usedMicroUsd: number }[] }[] };
  const { budgets } = await spillway.admin<Budgets>("GET", `budgets?tenant=${tenant}`);
  const [spender] = budgets.find(({ slug }) => slug === `${tenant}-money`)?.spenders ?? [];
  return { booked: spender?.bookedMicroUsd ?? 0, used: spender?.usedMicroUsd ?? 0 };
}

describe("a batch of OpenAI's", () => {
  test("is held with all that its calls go on from, once for each of them", async () => {
    const usage = { input_tokens: 9000, output_tokens: 500, total_tokens: 9500 };
    const whole = { ...{ object: "response", status: "completed", model: "up-model" }, created_at: 1, error: null };
    upstream.play = answering(200, { id: "resp_for_batch", ...whole, usage, output: [] });
    await openai().responses.create({ model: "up", input: "x" });
    const body = { model: "up", input: "a", previous_response_id: "resp_for_batch", max_output_tokens: 10 };
    const lines = ["a", "b", "c"].map((id) => JSON.stringify({ custom_id: id, url: "/v1/responses", body }));
    await uploaded("file-of_three", lines);
    upstream.play = answering(200, { id: "batch_of_three", object: "batch", status: "validating" });
    const asking = { endpoint: "/v1/responses", completion_window: "24h" } as const;
    const { response } = await openai()
      .batches.create({ ...asking, input_file_id: "file-of_three" })
      .withResponse();
    const held = await rowOf(response.headers.get("x-request-id") ?? "");
    expect(held.inputTokens).toBeGreaterThan(3 * 9500);
  });

  test("is held as the money that its file may cost, and billed by what it has used", async () => {
    const before = await budgetOf("enterprise");
    await uploaded("file-in", [line("a", asked()), "", line("b", asked({ max_tokens: 500, n: 2 }))]);
    const [came] = sent();
    expect([came?.path, came?.text.includes('"model":"up-model"'), came?.text.includes('"model":"up"')]).toEqual([
      ...["/v1/files", true, false],
    ]);
    const id = await submitted("file-in", "batch_1");
    expect(JSON.parse(sent().at(-1)?.text ?? "{}")).toEqual({
      input_file_id: "file-in",
      endpoint: "/v1/chat/completions",
      completion_window: "24h",
    });
    const held = await rowOf(id);
    // Two calls of 1,000 output tokens at most, at half the price.
    expect(held).toMatchObject({ endpoint: "batches", ending: "submitted", outputTokens: 2000, serviceTier: "batch" });
    expect(held.costMicroUsd).toBeGreaterThanOrEqual(5000);
    const during = await budgetOf("enterprise");
    expect(during).toEqual({ booked: before.booked + held.costMicroUsd, used: before.used + held.costMicroUsd });

    const usage = { input_tokens: 100, output_tokens: 20, total_tokens: 120 };
    upstream.play = answering(200, batch("batch_1", { status: "completed", output_file_id: "file-out", usage }));
    const done = await openai().batches.retrieve("batch_1");
    expect(done.output_file_id).toBe("file-out");
    expect(await rowOf(id)).toMatchObject({
      ending: "complete",
      inputTokens: 100,
      outputTokens: 20,
      costMicroUsd: 100,
    });
    expect(await budgetOf("enterprise")).toEqual({ booked: before.booked + 100, used: before.used + 100 });
    // Read again, it is not billed again.
    await openai().batches.retrieve("batch_1");
    expect(await budgetOf("enterprise")).toEqual({ booked: before.booked + 100, used: before.used + 100 });
  });

  test("is billed by its output file where it tells no usage, which then is its tenant's", async () => {
    await uploaded("file-in2", [line("a", asked())]);
    const id = await submitted("file-in2", "batch_2");
    const answer = (usage: object) =>
      JSON.stringify({ custom_id: "a", response: { status_code: 200, body: { usage } } });
    const lines = [
      answer({ prompt_tokens: 30, completion_tokens: 4, total_tokens: 34 }),
      JSON.stringify({ custom_id: "b", error: { code: "expired" } }),
      answer({ prompt_tokens: 10, completion_tokens: 6, total_tokens: 16 }),
    ].join("\n");
    upstream.play = (response, came: Came) =>
      came.path.startsWith("/v1/files/")
        ? answering(200, lines, { "content-type": "application/jsonl" })(response, came)
        : answering(200, batch("batch_2", { status: "completed", output_file_id: "file-out2" }))(response, came);
    await openai().batches.retrieve("batch_2");
    expect(await rowOf(id)).toMatchObject({ ending: "complete", inputTokens: 40, outputTokens: 10 });
    const content = await openai().files.content("file-out2");
    expect(await content.text()).toBe(lines);
    expect(await statusOf(openai("standard").files.content("file-out2"))).toBe(404);
  });

  test("that the budget has no room for is refused, and nothing is sent or held", async () => {
    await uploaded("file-big", [line("a", asked({ max_tokens: 60_000, n: 8 }))]);
    const { id } = await spillway.admin<{ id: string }>("POST", "budgets", {
      ...budget(),
      slug: "small",
      tenant: "enterprise",
      amountMicroUsd: 1_000_000,
    });
    upstream.came.splice(0);
    const asking = { input_file_id: "file-big", endpoint: "/v1/chat/completions", completion_window: "24h" } as const;
    expect(await statusOf(openai().batches.create(asking))).toBe(400);
    expect(sent()).toEqual([]);
    await spillway.admin("DELETE", `budgets/${id}`, {});
  });

  test.each([
    ["no JSON", /not valid JSON/],
    [line("a", { ...asked(), model: "gone" }), /does not exist/],
    [line("a", { ...asked(), model: "claude" }), /does not offer files or batches/],
    [line("a", { ...asked(), stream: true }), /requests a stream/],
    [line("a", { ...asked(), tools: [{ type: "tool_of_tomorrow" }] }), /has no price/],
    [line("a", { ...asked(), max_tokens: 100_000 }), /allows at most 65536/],
    [JSON.stringify({ custom_id: "a", method: "POST", url: "/v1/audio/speech", body: {} }), /needs a body and a url/],
    ["", /at least one call/],
  ])("of a file with %j is refused before it is sent", async (text, reason) => {
    const upload = openai().files.create({ purpose: "batch", file: await toFile(Buffer.from(text), "calls.jsonl") });
    const error: unknown = await upload.catch((thrown: unknown) => thrown);
    expect(error instanceof OpenAI.APIError ? [error.status && error.status < 500, error.message] : error).toEqual([
      true,
      expect.stringMatching(reason),
    ]);
    expect(sent()).toEqual([]);
  });

  test("and its files are found by their tenant alone, by every verb and in every list", async () => {
    await uploaded("file-own", [line("a", asked())]);
    await submitted("file-own", "batch_own");
    upstream.play = answering(200, {});
    const [mine, other] = [openai(), openai("standard")];
    upstream.came.splice(0);
    const verbs = [
      (client: OpenAI) => client.files.retrieve("file-own"),
      (client: OpenAI) => client.files.content("file-own"),
      (client: OpenAI) => client.files.delete("file-own"),
      (client: OpenAI) => client.batches.retrieve("batch_own"),
      (client: OpenAI) => client.batches.cancel("batch_own"),
    ];
    for (const verb of verbs) expect(await statusOf(verb(other))).toBe(404);
    const stolen = { input_file_id: "file-own", endpoint: "/v1/chat/completions", completion_window: "24h" } as const;
    expect(await statusOf(other.batches.create(stolen))).toBe(400);
    const input = [{ role: "user" as const, content: [{ type: "input_file" as const, file_id: "file-own" }] }];
    expect(await statusOf(other.responses.create({ model: "up", input }))).toBe(400);
    // Nor by a call that waits in a batch.
    const picture = [{ role: "user", content: [{ type: "file", file: { file_id: "file-own" } }] }];
    const lines = Buffer.from(line("a", asked({ messages: picture })));
    const upload = other.files.create({ purpose: "batch", file: await toFile(lines, "calls.jsonl") });
    expect(await statusOf(upload)).toBe(400);
    const document = { type: "document", source: { type: "file", file_id: "file-own" } };
    const params = { model: "claude", max_tokens: 9, messages: [{ role: "user", content: [document] }] };
    const inBatch = await fetch(`${spillway.baseUrl}/v1/messages/batches`, {
      method: "POST",
      headers: { "x-api-key": spillway.demo.keys.standard, "content-type": "application/json" },
      body: JSON.stringify({ requests: [{ custom_id: "a", params }] }),
    });
    expect([inBatch.status, (await inBatch.json()).error.message]).toEqual([
      ...[400, expect.stringContaining('No file of yours has the id "file-own"')],
    ]);
    expect(sent()).toEqual([]);
    const idsOf = async (client: OpenAI) => ({
      files: (await client.files.list()).data.map(({ id }) => id),
      batches: (await client.batches.list()).data.map(({ id }) => id),
    });
    expect((await idsOf(mine)).batches).toContain("batch_own");
    expect((await idsOf(mine)).files).toContain("file-own");
    expect(await idsOf(other)).toEqual({ files: [], batches: [] });
    expect(sent()).toEqual([]);
    upstream.play = answering(200, { id: "file-own", object: "file", deleted: true });
    await mine.files.delete("file-own");
    expect(await statusOf(mine.files.retrieve("file-own"))).toBe(404);
  });
});

describe("a batch of Anthropic's", () => {
  const requests = [{ custom_id: "a", params: asked() }].map(({ params, ...rest }) => ({
    ...rest,
    params: { ...params, model: "claude", messages: [{ role: "user" as const, content: "How deep?" }] },
  }));
  const told = (more: object = {}) => ({
    ...{ id: "msgbatch_1", type: "message_batch", processing_status: "in_progress", results_url: null, ...more },
  });

  test("is held, shown with its results here, billed by them, and deleted", async () => {
    upstream.play = answering(200, told());
    const { response } = await anthropic().messages.batches.create({ requests }).withResponse();
    expect(JSON.parse(sent().at(-1)?.text ?? "{}")).toMatchObject({
      requests: [{ params: { model: "up-model", max_tokens: 1000 } }],
    });
    const id = response.headers.get("x-request-id") ?? "";
    expect(await rowOf(id)).toMatchObject({ endpoint: "message_batches", ending: "submitted", outputTokens: 1000 });
    const usage = { input_tokens: 10, cache_read_input_tokens: 90, output_tokens: 20 };
    const result = { custom_id: "a", result: { type: "succeeded", message: { usage } } };
    const results_url = `${upstream.url}/v1/messages/batches/msgbatch_1/results`;
    const counts = { request_counts: { succeeded: 1 } };
    upstream.play = (to, came: Came) =>
      came.path.endsWith("/results")
        ? answering(200, `${JSON.stringify(result)}\n`, { "content-type": "application/x-jsonl" })(to, came)
        : answering(200, told({ processing_status: "ended", results_url, ...counts }))(to, came);
    const lines: string[] = [];
    for await (const one of await anthropic().messages.batches.results("msgbatch_1")) lines.push(one.custom_id);
    expect(lines).toEqual(["a"]);
    expect(await rowOf(id)).toMatchObject({
      ending: "complete",
      inputTokens: 100,
      cachedInputTokens: 90,
      outputTokens: 20,
    });
    expect(await statusOf(anthropic("standard").messages.batches.retrieve("msgbatch_1"))).toBe(404);
    expect(await statusOf(anthropic("standard").messages.batches.cancel("msgbatch_1"))).toBe(404);
    upstream.play = answering(200, { id: "msgbatch_1", type: "message_batch_deleted" });
    await anthropic().messages.batches.delete("msgbatch_1");
    expect((await anthropic().messages.batches.list()).data).toEqual([]);
  });

  test("is refused to a caller with limits of tokens and none of money", async () => {
    type Tier = { limits: { dimension: string }[] };
    const tier = await spillway.admin<Tier>("GET", "tiers/free");
    const limits = tier.limits.filter(({ dimension }) => dimension !== "cost_micro_usd");
    expect(limits.some(({ dimension }) => dimension.endsWith("_tokens"))).toBe(true);
    await spillway.admin("PUT", "tiers/free", { ...tier, limits });
    const answer = await fetch(`${spillway.baseUrl}/v1/messages/batches`, {
      method: "POST",
      headers: { "x-api-key": spillway.demo.keys.free, "content-type": "application/json" },
      body: JSON.stringify({ requests }),
    });
    expect([answer.status, (await answer.json()).error.message]).toEqual([
      403,
      expect.stringMatching(/charged in money/),
    ]);
    expect(sent()).toEqual([]);
  });

  test("and its files have an API of their own at the same path", async () => {
    upstream.play = answering(200, { id: "file_claude", type: "file", filename: "f" });
    const form = new FormData();
    form.append("file", new Blob(["text"], { type: "text/plain" }), "f.txt");
    const headers = { "x-api-key": spillway.demo.keys.enterprise, "anthropic-version": "2023-06-01" };
    const send = (path: string, init: RequestInit = {}) =>
      fetch(`${spillway.baseUrl}/v1/files${path}`, { ...init, headers: { ...headers, "x-spillway-model": "claude" } });
    expect((await send("", { method: "POST", body: form })).status).toBe(200);
    expect(sent()[0]?.path).toBe("/v1/files");
    expect((await (await send("")).json()).data).toMatchObject([{ id: "file_claude" }]);
    const other = await fetch(`${spillway.baseUrl}/v1/files/file_claude`, {
      headers: { ...headers, "x-api-key": spillway.demo.keys.standard },
    });
    expect([other.status, (await other.json()).type]).toEqual([404, "error"]);
  });
});
