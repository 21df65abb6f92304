import { expect, test } from "vitest";
import { readUsageExport } from "./usage-export";

const DAY = "2026-11-20";
const START = Date.parse(`${DAY}T00:00:00Z`) / 1000;
const line = { day: DAY, account: "", calls: 0, inputTokens: 0, outputTokens: 0, costMicroUsd: null };

test("OpenAI's usage pages: buckets of a day are added up per model and project", () => {
  const result = (more: object) => ({
    object: "organization.usage.completions.result",
    input_tokens: 10,
    output_tokens: 3,
    num_model_requests: 2,
    model: "gpt-5",
    project_id: "p1",
    ...more,
  });
  const bucket = (start_time: number, ...results: object[]) => ({
    object: "bucket",
    start_time,
    end_time: start_time + 3600,
    results,
  });
  const text = JSON.stringify({
    object: "page",
    data: [
      bucket(START, result({})),
      bucket(START + 3600, result({}), result({ project_id: null, model: "gpt-5-mini" })),
    ],
  });
  expect(readUsageExport(text)).toEqual([
    { ...line, model: "gpt-5", account: "p1", calls: 4, inputTokens: 20, outputTokens: 6 },
    { ...line, model: "gpt-5-mini", calls: 2, inputTokens: 10, outputTokens: 3 },
  ]);
});

test("OpenAI's cost pages: dollars as numbers or text, the model out of the line item", () => {
  const cost = (value: unknown, line_item: string) => ({
    object: "organization.costs.result",
    amount: { value, currency: "usd" },
    line_item,
    project_id: null,
  });
  const data = [
    { object: "bucket", start_time: START, results: [cost(0.5, "gpt-5, input"), cost("0.25", "gpt-5, output")] },
  ];
  expect(readUsageExport(JSON.stringify({ data }))).toEqual([{ ...line, model: "gpt-5", costMicroUsd: 750_000 }]);
});

test("Anthropic's usage and cost reports: cached tokens are input, cents become micro-dollars", () => {
  const usage = {
    uncached_input_tokens: 5,
    cache_read_input_tokens: 7,
    cache_creation: { ephemeral_5m_input_tokens: 2, ephemeral_1h_input_tokens: 1 },
    output_tokens: 9,
    model: "claude-x",
    workspace_id: "w",
  };
  const cost = { currency: "USD", amount: "123.45", model: "claude-x", workspace_id: "w" };
  const data = [{ starting_at: `${DAY}T00:00:00Z`, ending_at: "x", results: [usage, cost] }];
  expect(readUsageExport(JSON.stringify({ data, has_more: false }))).toEqual([
    { ...line, model: "claude-x", account: "w", inputTokens: 15, outputTokens: 9, costMicroUsd: 1_234_500 },
  ]);
});

test("CSV of both providers: columns in any order, quoted cells, a byte order mark, times in seconds or days", () => {
  const openai = `\uFEFFstart_time,start_time_iso,model,input_tokens,output_tokens,num_model_requests,project_id\r\n${START},${DAY}T00:00:00+00:00,"gpt-5, a",10,3,2,p1\r\n`;
  expect(readUsageExport(openai)).toEqual([
    { ...line, model: "gpt-5", account: "p1", calls: 2, inputTokens: 10, outputTokens: 3 },
  ]);
  const anthropic = `usage_date_utc,model_version,workspace,usage_input_tokens_no_cache,usage_input_tokens_cache_read,usage_output_tokens\n${DAY},claude-x,Default,10,4,3\n`;
  expect(readUsageExport(anthropic)).toEqual([
    { ...line, model: "claude-x", account: "Default", inputTokens: 14, outputTokens: 3 },
  ]);
  const reordered = `output_tokens,model,START_TIME,input_tokens\n3,gpt-5,${START},10\n`;
  expect(readUsageExport(reordered)).toEqual([{ ...line, model: "gpt-5", inputTokens: 10, outputTokens: 3 }]);
  expect(readUsageExport(`date,cost_usd\n${DAY},$1.50`)).toEqual([{ ...line, model: "", costMicroUsd: 1_500_000 }]);
});

test.each([
  ["", "no column contains the day"],
  ["{", "not valid JSON"],
  ["{}", "no list of buckets"],
  ['{"data":[]}', "no line of usage"],
  ['{"data":[{"x":1}]}', "bucket 1 has neither the form"],
  ["name,input_tokens\nx,1", "no column contains the day"],
  ["date,name\n2026-11-20,x", "no column contains tokens or cost"],
  ["date,input_tokens\nyesterday,1", 'line 2: "yesterday" is not a day'],
  ["date,input_tokens\n2026-11-20,many", 'line 2: "many" is not an amount'],
  ["date,input_tokens\n2026-11-20,-5", 'line 2: "-5" is not an amount'],
  [
    '{"data":[{"start_time":1,"results":[{"object":"organization.costs.result","amount":{"value":1,"currency":"eur"}}]}]}',
    "costs in eur",
  ],
])("what is not understood is named: %s", (text, fault) => {
  expect(() => readUsageExport(text)).toThrow(fault);
});
