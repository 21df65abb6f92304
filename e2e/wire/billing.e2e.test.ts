import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../fixtures/process";
import { answering, Scripted } from "../fixtures/scripted";
import { Spillway } from "../fixtures/spillway";

type Line = { of: string; count: number; rate: number };
type Billed = { costMicroUsd: number; costLines: Line[]; serviceTier: string | null; usageSource: string };

let spillway: Spillway;
let upstream: Scripted;
beforeAll(async () => {
  spillway = await Spillway.run();
  upstream = await Scripted.run();
  await upstream.serve(spillway, "billed");
  await upstream.serve(spillway, "billed-a", { dialect: "anthropic" });
});
afterAll(async () => {
  upstream.stop();
  await spillway.stop();
});

const RATES = { inputMicroUsdPerMillion: 1_000_000, cachedInputMicroUsdPerMillion: 100_000 };

async function post(path: string, body: object, key = spillway.demo.keys.enterprise): Promise<Response> {
  return fetch(`${spillway.baseUrl}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", "anthropic-version": "2023-06-01" },
    body: JSON.stringify(body),
  });
}

async function billOf(response: Response): Promise<Billed> {
  const id = response.headers.get("x-request-id") ?? "";
  const rows = await until("the ledger row", async () => {
    const found = await spillway.admin<{ rows: Billed[] }>("GET", `ledger?requestId=${id}`);
    return found.rows.length > 0 && found.rows;
  });
  const [row] = rows;
  if (row === undefined) throw new Error("no row");
  // Every cost can be computed from what is stored with it.
  const sum = row.costLines.reduce((total, { count, rate }) => total + BigInt(count) * BigInt(rate), 0n);
  expect(Number((sum + 999_999n) / 1_000_000n)).toBe(row.costMicroUsd);
  return row;
}

const completion = (usage: object, more: object = {}) => ({
  id: "x",
  object: "chat.completion",
  created: 1,
  model: "m",
  usage,
  ...more,
  choices: [{ index: 0, message: { role: "assistant", content: "ok" }, finish_reason: "stop" }],
});
const message = (usage: object) => ({
  id: "m",
  type: "message",
  role: "assistant",
  model: "m",
  stop_reason: "end_turn",
  stop_sequence: null,
  usage,
  content: [{ type: "text", text: "ok" }],
});
const said = [{ role: "user", content: "hi" }];

test("a price of many parts, set by the API, is read back and bills each of them", async () => {
  await spillway.admin("POST", "prices", {
    model: "billed",
    ...RATES,
    outputMicroUsdPerMillion: 5_000_000,
    reasoningMicroUsdPerMillion: 3_000_000,
    tiers: [{ aboveInputTokens: 200_000, inputMicroUsdPerMillion: 2_000_000, outputMicroUsdPerMillion: 7_500_000 }],
    serviceTiers: { flex: { inputMicroUsdPerMillion: 500_000, outputMicroUsdPerMillion: 2_500_000 } },
    feesMicroUsd: { web_search: 7000 },
  });
  const { prices } = await spillway.admin<{ prices: object[] }>("GET", "prices?model=billed");
  expect(prices[0]).toMatchObject({
    state: "in force",
    reasoningMicroUsdPerMillion: 3_000_000,
    feesMicroUsd: { web_search: 7000 },
    tiers: [{ aboveInputTokens: 200_000, inputMicroUsdPerMillion: 2_000_000 }],
  });
  const bill = async (usage: object, more: object = {}) => {
    upstream.play = answering(200, completion(usage, more));
    return billOf(await post("/v1/chat/completions", { model: "billed", messages: said }));
  };
  const usual = { prompt_tokens: 10_000, completion_tokens: 100, total_tokens: 10_100 };
  const reasoning = { completion_tokens_details: { reasoning_tokens: 80 } };
  const long = { prompt_tokens: 300_000, completion_tokens: 100, total_tokens: 300_100 };
  expect((await bill(usual)).costMicroUsd).toBe(10_500);
  expect((await bill({ ...usual, cached_tokens: 9000 })).costMicroUsd).toBe(1000 + 900 + 500);
  expect((await bill({ ...usual, ...reasoning })).costMicroUsd).toBe(10_000 + 100 + 240);
  expect((await bill(long)).costMicroUsd).toBe(600_750);
  expect(await bill(usual, { service_tier: "flex" })).toMatchObject({ costMicroUsd: 5250, serviceTier: "flex" });
});

describe("Anthropic's parts", () => {
  const counts = { input_tokens: 100, output_tokens: 10, cache_read_input_tokens: 0 };
  test.each([
    [
      "a write of an hour",
      { cache_creation_input_tokens: 1000, cache_creation: { ephemeral_1h_input_tokens: 1000 } },
      2150,
    ],
    ["searches", { server_tool_use: { web_search_requests: 5 } }, 50_150],
    ["a turn of compaction", { iterations: [{ ...counts }, { input_tokens: 1000, output_tokens: 100 }] }, 1650],
  ])("%s", async (_name, more, cost) => {
    upstream.play = answering(200, message({ ...counts, ...more }));
    const bill = await billOf(await post("/v1/messages", { model: "billed-a", max_tokens: 200, messages: said }));
    expect(bill).toMatchObject({ costMicroUsd: cost, usageSource: "provider" });
  });
});

test("a model without a price is refused to callers with a limit of money, and to no others", async () => {
  upstream.play = answering(200, completion({ prompt_tokens: 1000, completion_tokens: 100 }));
  const body = { model: "billed", messages: said, max_tokens: 200, service_tier: "priority" };
  const sent = upstream.came.length;
  const refused = await post("/v1/chat/completions", body, spillway.demo.keys.standard);
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({ error: { code: "service_not_priced", param: "service_tier" } });
  expect(upstream.came.length).toBe(sent);
  const { costMicroUsd, serviceTier } = await billOf(await post("/v1/chat/completions", body));
  expect({ costMicroUsd, serviceTier }).toEqual({ costMicroUsd: 3000, serviceTier: "priority" });
  expect(
    (await post("/v1/chat/completions", { ...body, service_tier: "flex" }, spillway.demo.keys.standard)).status,
  ).toBe(200);
});

test("a model's name may hold a slash", async () => {
  const price = { inputMicroUsdPerMillion: 0, outputMicroUsdPerMillion: 0 };
  const sizes = { contextTokens: 1000, maxOutputTokens: 100, defaultOutputTokens: 10 };
  for (const name of ["org/plain", encodeURIComponent("org/encoded")]) {
    await spillway.admin("PUT", `models/${name}`, { provider: "billed", upstreamName: "m", ...sizes, price });
    const model = decodeURIComponent(name);
    expect((await post("/v1/chat/completions", { model, messages: said })).status).toBe(200);
  }
});
