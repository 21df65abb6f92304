import { expect, test } from "vitest";
import { refusesUsage } from "./refuses-usage";

test.each([
  ["OpenAI", '{"error":{"message":"Unrecognized request argument supplied: stream_options"}}'],
  ["OpenAI, newer", `{"error":{"message":"Unknown parameter: 'stream_options.include_usage'."}}`],
  ["by its param", '{"error":{"message":"bad","param":"stream_options"}}'],
  ["pydantic in JSON", '{"detail":[{"loc":["body","stream_options"],"msg":"Extra inputs are not permitted"}]}'],
  [
    "pydantic in Python, with the request",
    `[{'type': 'extra_forbidden', 'loc': ('body', 'stream_options'), 'input': {'include_usage': True}}]`,
  ],
  ["in words", "stream_options: Extra inputs are not permitted"],
  ["only one of its members", '{"error":"continuous_usage_stats is not supported"}'],
])("%s refuses to be asked", (_name, text) => {
  expect(refusesUsage(text)).toBe(true);
});

test.each([
  ["Python", `{'msg': 'top_k must be -1', 'input': {'stream': True, 'stream_options': {'include_usage': True}}}`],
  ["Python, none", `{'msg': 'top_k must be -1', 'input': {'stream_options': None}}`],
  ["JSON", '{"detail":[{"loc":["body","top_k"],"input":{"stream_options":{"include_usage":true}}}]}'],
  ["escaped JSON", '{"error":"bad body: {\\"stream_options\\":{\\"include_usage\\":true},\\"top_k\\":-5}"}'],
  ["an object", "bad: ChatRequest(top_k=-5, stream_options=StreamOptions(include_usage=True))"],
  ["nothing of it", '{"error":{"message":"max_tokens is too large"}}'],
])("a request that is only repeated does not: %s", (_name, text) => {
  expect(refusesUsage(text)).toBe(false);
});

test("a text of quotation marks is read in one pass", () => {
  for (const mark of ["\\", '"', "'"]) expect(refusesUsage(mark.repeat(1_000_000))).toBe(false);
});
