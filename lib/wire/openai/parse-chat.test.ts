import { describe, expect, test } from "vitest";
import { asPublicError } from "@/lib/errors";
import { parseChat } from "./parse-chat";

const BASE = { model: "m", messages: [{ role: "user", content: "hi" }] };

function codeOf(change: Record<string, unknown>): string {
  try {
    parseChat({ ...BASE, ...change });
    return "ok";
  } catch (error) {
    return asPublicError(error)?.code ?? `not public: ${String(error)}`;
  }
}

const user = (content: unknown) => ({ messages: [{ role: "user", content }] });
const image = (url: string, detail = "high") => user([{ type: "image_url", image_url: { url, detail } }]);

describe("the bad-input corpus, field level", () => {
  test.each<[Record<string, unknown>, string]>([
    [{}, "ok"],
    [{ model: undefined }, "missing_field"],
    [{ model: null }, "missing_field"],
    [{ model: 5 }, "invalid_type"],
    [{ messages: {} }, "invalid_messages"],
    [{ messages: "hi" }, "invalid_messages"],
    [{ messages: [] }, "invalid_messages"],
    [{ messages: [null] }, "invalid_messages"],
    [{ messages: { length: 1, 0: {} } }, "invalid_messages"],
    [{ messages: Array(2001).fill(BASE.messages[0]) }, "too_many_messages"],
    [{ max_tokens: "16" }, "invalid_type"],
    [{ max_tokens: true }, "invalid_type"],
    [{ max_tokens: [16] }, "invalid_type"],
    [{ max_tokens: null }, "ok"],
    [{ max_tokens: 16.5 }, "invalid_max_tokens"],
    [{ max_tokens: 0 }, "invalid_max_tokens"],
    [{ max_tokens: -1 }, "invalid_max_tokens"],
    [{ max_tokens: 1e15 }, "invalid_max_tokens"],
    [{ max_tokens: 10, max_completion_tokens: 11 }, "conflicting_fields"],
    [{ max_tokens: 10, max_completion_tokens: 10 }, "ok"],
    [{ stream: "true" }, "invalid_type"],
    [{ stream: 1 }, "invalid_type"],
    [{ stream: null }, "ok"],
    [{ stream_options: { include_usage: true } }, "invalid_value"],
    [{ stream: true, stream_options: { include_usage: false } }, "ok"],
    [{ n: 0 }, "invalid_n"],
    [{ n: -1 }, "invalid_n"],
    [{ n: 2.5 }, "invalid_n"],
    [{ n: 128 }, "invalid_n"],
    [{ n: 8 }, "ok"],
    [{ api_base: "http://evil" }, "unknown_field"],
    [{ base_url: "x" }, "unknown_field"],
    [{ extra_headers: {} }, "unknown_field"],
    [{ api_key: "x" }, "unknown_field"],
    [{ models: ["a", "b"] }, "unknown_field"],
    [{ max_output_tokens: 9 }, "unknown_field"],
    [{ constructor: 1 }, "ok"],
    [{ chat_template_kwargs: { enable_thinking: false } }, "ok"],
    [{ web_search_options: {} }, "ok"],
    [{ best_of: 20 }, "unknown_field"],
    [{ functions: [{ name: "f" }], function_call: "auto" }, "ok"],
    [{ stop: ["a", "b", "c", "d", "e"] }, "invalid_value"],
    [{ stop: [""] }, "invalid_value"],
    [{ logit_bias: Object.fromEntries(Array.from({ length: 301 }, (_, index) => [index, 1])) }, "invalid_value"],
    [{ logit_bias: { 5: 1e9 } }, "invalid_value"],
    [{ metadata: Object.fromEntries(Array.from({ length: 17 }, (_, index) => [index, "a"])) }, "invalid_value"],
    [{ metadata: { a: "x".repeat(513) } }, "invalid_value"],
    [{ metadata: { a: {} } }, "invalid_type"],
    [{ user: 1 }, "invalid_type"],
    [{ user: "x".repeat(513) }, "invalid_value"],
    [{ tools: Array(1025).fill({ type: "function", function: { name: "a" } }) }, "invalid_value"],
    [{ tools: [{ type: "function", function: { name: "a\r\nb" } }] }, "invalid_value"],
    [{ tools: [{ type: "function", function: { name: "" } }] }, "invalid_value"],
    [image("https://example.com/a.png"), "ok"],
    [image("data:image/png;base64,AA=="), "ok"],
    [image("http://169.254.169.254/"), "invalid_messages"],
    [image("file:///etc/passwd"), "invalid_messages"],
    [image("https://example.com/a.png", "original"), "ok"],
    [image("http://example.com/a.png"), "ok"],
    ...[
      "http://localhost/a",
      "http://10.0.0.1/",
      "http://[::1]/",
      "http://metadata.google.internal/",
      "http://redis:6379/",
    ].map((url): [Record<string, unknown>, string] => [image(url), "invalid_messages"]),
    [image("data:text/html;base64,AA=="), "invalid_messages"],
    [user([{ type: "image_url", image_url: "https://example.com/a.png" }]), "ok"],
    [user([{ type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,AAAA" } }]), "ok"],
    [user([{ type: "input_audio", input_audio: { data: "AAAA", format: "wav" } }]), "ok"],
    [user([{ type: "video_url", video_url: { url: "https://example.com/a.mp4" } }]), "ok"],
    [user([{ type: "text" }]), "invalid_messages"],
    [user([{ type: "image_url" }]), "invalid_messages"],
    [user([{ type: "input_audio", input_audio: {} }]), "invalid_messages"],
    [user("<|endoftext|> \n\nHuman:"), "ok"],
  ])("%j → %s", (change, code) => {
    expect(codeOf(change)).toBe(code);
  });
});

test("everything the provider will count as input is found", () => {
  const call = parseChat({
    ...BASE,
    messages: [
      { role: "system", content: "be brief" },
      {
        role: "user",
        name: "ann",
        content: [
          { type: "text", text: "look" },
          { type: "image_url", image_url: { url: "https://a.b/c.png" } },
        ],
      },
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "1", type: "function", function: { name: "f", arguments: "{}" } }],
      },
    ],
    tools: [{ type: "function", function: { name: "f", description: "finds" } }],
    response_format: { type: "json_schema", json_schema: { name: "s" } },
  });
  const all = call.inputTexts.join(" ");
  for (const part of ["be brief", "look", "ann", '"arguments":"{}"', "finds", "json_schema"])
    expect(all).toContain(part);
  expect(call).toMatchObject({ messageCount: 3, imageCount: 1 });
});
