import { expect, test } from "vitest";
import { PublicError } from "@/lib/errors";
import { parseMessages } from "../anthropic/parse-messages";
import { parseChat } from "../openai/parse-chat";
import { parseResponses } from "../responses/parse-responses";
import { parseJsonBody } from "./json-guard";

const said = [{ role: "user", content: "hi" }];
const recursive = {
  type: "object",
  properties: { next: { $ref: "#/$defs/node" } },
  $defs: { node: { items: { $ref: "#/$defs/node" } } },
};
const shared = { properties: { a: { $ref: "#/$defs/x" }, b: { $ref: "#/$defs/x" } }, $defs: { x: { type: "string" } } };
const chat = (more: object) => () => parseChat({ model: "m", messages: said, ...more });
const messages = (more: object) => () => parseMessages({ model: "m", max_tokens: 1, messages: said, ...more });
const responses = (more: object) => () => parseResponses({ model: "m", input: "hi", ...more });
const part = { type: "text", text: "a", image_url: { url: "https://a.test/b.png" } };
const format = (schema: object) => ({ type: "json_schema", json_schema: { name: "a", schema } });
const seventeen = Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`k${index}`, "a"]));

function faultOf(work: () => unknown): string | null {
  try {
    work();
    return null;
  } catch (error) {
    return error instanceof PublicError ? error.code : String(error);
  }
}

test.each([
  ["a text part with an image, chat", chat({ messages: [{ role: "user", content: [part] }] }), "invalid_messages"],
  [
    "a text block with a source",
    messages({ messages: [{ role: "user", content: [{ ...part, source: {} }] }] }),
    "invalid_messages",
  ],
  [
    "an input text with an image",
    responses({ input: [{ role: "user", content: [{ ...part, type: "input_text" }] }] }),
    "invalid_messages",
  ],
  [
    "a tool name with a line break, chat",
    chat({ tools: [{ type: "function", function: { name: "a\r\nb" } }] }),
    "invalid_value",
  ],
  [
    "a tool name with a line break, messages",
    messages({ tools: [{ name: "a\r\nb", input_schema: {} }] }),
    "invalid_value",
  ],
  [
    "a tool name with a line break, responses",
    responses({ tools: [{ type: "function", name: "a\r\nb" }] }),
    "invalid_value",
  ],
  ["a long name of a choice of tool, messages", messages({ tool_choice: { type: "a".repeat(65) } }), "invalid_value"],
  ["a long name of a way to think, messages", messages({ thinking: { type: "a".repeat(65) } }), "invalid_value"],
  ["a long stop sequence, messages", messages({ stop_sequences: ["a".repeat(4097)] }), "invalid_value"],
  ["a top_k of no vocabulary, messages", messages({ top_k: 10_000_001 }), "invalid_value"],
  ["17 members of metadata, responses", responses({ metadata: seventeen }), "invalid_value"],
  ["a schema that refers to itself, chat", chat({ response_format: format(recursive) }), "invalid_value"],
  [
    "a schema that is its own part, chat",
    chat({ response_format: format({ properties: { a: { $ref: "#" } } }) }),
    "invalid_value",
  ],
  [
    "a schema that refers to itself, responses",
    responses({ text: { format: { type: "json_schema", schema: recursive } } }),
    "invalid_value",
  ],
  [
    "a schema that refers to itself, messages",
    messages({ output_format: { type: "json_schema", schema: recursive } }),
    "invalid_value",
  ],
  ["a schema that refers twice to one part", chat({ response_format: format(shared) }), null],
  ["plain tools, messages", messages({ tools: [{ type: "web_search_20250305", name: "web_search" }] }), null],
])("%s", (_name, work, code) => {
  expect(faultOf(work)).toBe(code);
});

test.each([
  ["16.000000000000001", "invalid_number"],
  ["1.60000000000000001e1", "invalid_number"],
  ["-3.0000000000000000001", "invalid_number"],
  ["16.5", null],
  ["16.0", null],
  ["1.6e1", null],
  ["0.1", null],
  ["1e3", null],
])("the number %s: what reads as an integer was written as one", (number, code) => {
  expect(faultOf(() => parseJsonBody(Buffer.from(`{"max_tokens":${number}}`)))).toBe(code);
});
