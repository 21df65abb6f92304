import { expect, test } from "vitest";
import { countPiece, countText, countWritten } from "./output-tokens";

const ENGLISH = "The quick brown fox jumps over the lazy dog. ".repeat(100);
const between = (least: number, most: number, value: number) => {
  expect(value).toBeGreaterThanOrEqual(least);
  expect(value).toBeLessThanOrEqual(most);
};

test.each([
  ["content", { role: "assistant", content: ENGLISH }],
  ["parts", { content: [{ type: "text", text: ENGLISH }] }],
  ["reasoning", { content: "", reasoning_content: ENGLISH }],
  [
    "the same reasoning under three names",
    { reasoning: ENGLISH, reasoning_content: ENGLISH, reasoning_details: [{ text: ENGLISH }] },
  ],
  ["thinking in parts (Mistral)", { content: [{ type: "thinking", thinking: [{ type: "text", text: ENGLISH }] }] }],
  ["a refusal", { content: null, refusal: ENGLISH }],
  ["arguments as text", { tool_calls: [{ id: "1", function: { name: "f", arguments: ENGLISH } }] }],
  ["arguments as an object", [{ type: "tool_use", id: "1", name: "f", input: { text: ENGLISH } }]],
  ["a custom tool", [{ type: "custom_tool_call", call_id: "1", name: "f", input: ENGLISH }]],
  ["code", [{ type: "code_interpreter_call", container_id: "c", code: ENGLISH, outputs: [{ logs: ENGLISH }] }]],
  ["a summary", [{ type: "reasoning", id: "r", summary: [{ type: "summary_text", text: ENGLISH }] }]],
  [
    "a result of a tool is not written",
    [
      { type: "text", text: ENGLISH },
      { type: "web_search_tool_result", content: [{ title: ENGLISH }] },
    ],
  ],
  ["citations are not", { content: ENGLISH, annotations: [{ url_citation: { title: ENGLISH } }] }],
])("%s", (_name, message) => {
  between(700, 1500, countWritten(message, countText));
});

test("a token per event counts as sent, a batch by its text", () => {
  const words = ENGLISH.match(/\S+ ?/g) ?? [];
  expect(words.reduce((sum, word) => sum + countPiece(word), 0)).toBeLessThanOrEqual(1100);
  for (const token of ["water ", " spillway", '{"', '":', "...", "123", "水位", "überläuft", "\n\n"])
    expect(countPiece(token)).toBe(1);
  between(8, 16, countPiece("one two three four five six seven ten"));
  between(480, 1000, countPiece("水位上升时溢洪道让河水通过".repeat(40)));
});

test("a piece of a million blanks is read in one pass", () => {
  expect(countPiece(`${" ".repeat(1_000_000)}\u0001`)).toBeGreaterThan(100);
});
