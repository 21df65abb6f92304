import { describe, expect, test } from "vitest";
import { asPublicError } from "@/lib/errors";
import fc from "@/lib/fuzz/properties.suite";
import { parseMessages } from "@/lib/wire/anthropic/parse-messages";
import type { Call } from "@/lib/wire/call";
import { isObject } from "@/lib/wire/json/object";
import { parseChat } from "@/lib/wire/openai/parse-chat";
import { parseEmbeddings } from "@/lib/wire/openai/parse-embeddings";
import { parseResponses } from "@/lib/wire/responses/parse-responses";
import { estimateInputTokens } from "./estimate";

/** At least one token per four hidden characters is reserved, for random words of ten letters. */
const SHARE = 0.25;
const CHARS = 20_000;

type Body = Record<string, unknown>;
const PICTURE = "data:image/png;base64,AAAA";
const schema = { type: "object", properties: { at: { type: "string", description: "d", enum: ["a"] } } };

/** Bodies that hold every kind of part that a caller may send. */
const CHAT: Body = {
  model: "m",
  messages: [
    { role: "system", content: "s" },
    { role: "user", name: "n", content: [{ type: "text", text: "t", extra: "e" }] },
    { role: "user", content: [{ type: "image_url", image_url: { url: PICTURE } }], search_result: "s" },
    {
      role: "assistant",
      content: [{ type: "refusal", refusal: "r" }],
      function_call: { name: "f", arguments: "{}" },
      tool_calls: [{ id: "1", type: "function", function: { name: "f", arguments: "{}" } }],
      reasoning_content: "r",
      audio: { id: "a", transcript: "t" },
    },
    { role: "tool", tool_call_id: "1", content: "c" },
  ],
  tools: [{ type: "function", function: { name: "f", description: "d", parameters: schema } }],
  tool_choice: { type: "function", function: { name: "f" } },
  response_format: { type: "json_schema", json_schema: { name: "s", description: "d", schema } },
  prediction: { type: "content", content: [{ type: "text", text: "p" }] },
  stop: ["x"],
};

const MESSAGES: Body = {
  model: "m",
  max_tokens: 1,
  system: [{ type: "text", text: "s", cache_control: { type: "ephemeral", ttl: "5m" } }],
  messages: [
    { role: "user", content: [{ type: "text", text: "t", citations: [{ type: "char_location", cited_text: "c" }] }] },
    {
      role: "assistant",
      content: [
        { type: "thinking", thinking: "t", signature: "s" },
        { type: "redacted_thinking", data: "d" },
        { type: "tool_use", id: "1", name: "n", input: { a: { b: ["c"] } } },
        { type: "server_tool_use", id: "2", name: "n", input: { query: "q" } },
        {
          type: "web_search_tool_result",
          tool_use_id: "2",
          content: [{ type: "w", title: "t", encrypted_content: "e" }],
        },
      ],
    },
    {
      role: "user",
      content: [
        { type: "tool_result", tool_use_id: "1", content: [{ type: "text", text: "t" }] },
        { type: "tool_result", tool_use_id: "1", content: "c" },
        { type: "search_result", source: "s", title: "t", content: [{ type: "text", text: "t" }] },
        { type: "document", title: "t", context: "c", source: { type: "text", media_type: "text/plain", data: "d" } },
        { type: "document", source: { type: "content", content: [{ type: "text", text: "t" }] } },
        { type: "document", source: { type: "base64", media_type: "application/pdf", data: "AAAA" } },
        { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } },
        { type: "image", source: { type: "url", url: "https://a.b/c.png" } },
        { type: "of_tomorrow", inner: [{ deep: { text: "t" } }] },
      ],
    },
  ],
  tools: [{ name: "n", description: "d", input_schema: schema }],
  tool_choice: { type: "tool", name: "n" },
  thinking: { type: "enabled", display: "d" },
  output_config: { format: { type: "json_schema", schema } },
  output_format: { type: "json_schema", schema },
  context_management: { edits: [{ type: "t" }] },
  stop_sequences: ["x"],
};

const RESPONSES: Body = {
  model: "m",
  instructions: "i",
  input: [
    { role: "user", content: "c" },
    { type: "message", role: "user", content: [{ type: "input_text", text: "t" }] },
    {
      type: "message",
      role: "assistant",
      content: [{ type: "output_text", text: "t", annotations: [{ title: "t" }] }],
    },
    { role: "user", content: [{ type: "input_image", image_url: PICTURE }] },
    { role: "user", content: [{ type: "input_file", filename: "f", file_data: "data:application/pdf;base64,AAAA" }] },
    { role: "user", content: [{ type: "input_audio", input_audio: { data: "AAAA", format: "mp3" } }] },
    { type: "function_call", call_id: "1", name: "f", arguments: "{}" },
    { type: "function_call_output", call_id: "1", output: "o" },
    { type: "function_call_output", call_id: "1", output: [{ type: "input_text", text: "t" }] },
    { type: "reasoning", id: "1", summary: [{ type: "summary_text", text: "t" }], encrypted_content: "e" },
    { type: "custom_tool_call", call_id: "1", name: "n", input: "i" },
    { type: "mcp_call", server_label: "s", name: "n", arguments: "{}", output: "o", error: "e" },
    { type: "local_shell_call_output", id: "1", output: "o" },
    { type: "image_generation_call", id: "1", result: "AAAA" },
    { type: "computer_call_output", call_id: "1", output: { type: "computer_screenshot", image_url: PICTURE } },
    { type: "code_interpreter_call", code: "c", outputs: [{ type: "logs", logs: "l" }] },
    { type: "file_search_call", queries: ["q"], results: [{ text: "t", attributes: { a: "b" } }] },
  ],
  tools: [{ type: "function", name: "f", description: "d", parameters: schema }],
  tool_choice: { type: "function", name: "f" },
  text: { format: { type: "json_schema", name: "n", schema } },
  reasoning: { effort: "low", summary: "s" },
  include: ["i"],
};

const KINDS: readonly (readonly [string, Body, (body: Body) => Call])[] = [
  ["chat", CHAT, (body) => parseChat(body)],
  ["messages", MESSAGES, (body) => parseMessages(body)],
  ["responses", RESPONSES, (body) => parseResponses(body)],
];

type Path = readonly (string | number)[];

/** Where in a value strings are, and where names are. */
function stringsIn(value: unknown, path: Path = []): Path[] {
  if (typeof value === "string") return [path];
  if (Array.isArray(value)) return value.flatMap((one, index) => stringsIn(one, [...path, index]));
  return isObject(value) ? Object.entries(value).flatMap(([name, one]) => stringsIn(one, [...path, name])) : [];
}

function put(value: unknown, [first, ...rest]: Path, text: unknown): unknown {
  if (first === undefined) return text;
  if (Array.isArray(value)) return value.map((one, index) => (index === first ? put(one, rest, text) : one));
  if (!isObject(value)) throw new Error("no such place");
  return { ...value, [first]: put(value[first], rest, text) };
}

/** What the parser makes of it; null when it refuses the body, or takes the place for a label of bounded length. */
function estimateOf(parse: (body: Body) => Call, body: unknown): number | null {
  try {
    return isObject(body) ? estimateInputTokens(parse(body)) : null;
  } catch (error) {
    if (asPublicError(error) === null) throw error;
    return null;
  }
}

const LETTERS = [..."abcdefghijklmnopqrstuvwxyzABCDEFGH0123456789,.堰水流äßдж"];
const WORD_CHARS = 10;

/** Text without a pattern, the same for the same seed, so that what fails is shown in one line. */
function hidden(seed: number): string {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return LETTERS[Math.floor((state / 2 ** 32) * LETTERS.length)] ?? "";
  };
  return Array.from({ length: CHARS }, (_, at) => (at % WORD_CHARS === 0 ? " " : next())).join("");
}

describe.each(KINDS)("%s: text hides nowhere", (_kind, body, parse) => {
  const paths = stringsIn(body);
  const plain = estimateOf(parse, body) ?? Number.NaN;

  test.each(paths.map((path) => [path.join("."), path] as const))("%s", (_name, path) => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const estimate = estimateOf(parse, put(body, path, hidden(seed)));
        if (estimate !== null) expect(estimate - plain).toBeGreaterThanOrEqual(CHARS * SHARE - 1);
      }),
      { numRuns: 5 },
    );
  });

  test("nor under any name, at any depth, beside or below any part", () => {
    const name = fc.oneof(
      fc.constantFrom(
        "type",
        "id",
        "role",
        "text",
        "source",
        "image_url",
        "url",
        "data",
        "file_id",
        "metadata",
        "model",
      ),
      fc.string({ minLength: 1, maxLength: 12 }).filter((one) => one !== "__proto__"),
    );
    const trail = fc.array(fc.oneof(name, fc.constant(0)), { minLength: 1, maxLength: 12 });
    const objects = paths
      .filter((path) => path.length > 1 && typeof path.at(-1) === "string")
      .map((path) => path.slice(0, -1));
    fc.assert(
      fc.property(fc.constantFrom(...objects), trail, fc.nat(), (path, names, seed) => {
        const nested = names
          .slice(1)
          .reduceRight<unknown>((inner, one) => (one === 0 ? [inner] : { [one]: inner }), hidden(seed));
        const estimate = estimateOf(parse, put(body, [...path, `${names[0]}_`], nested));
        if (estimate !== null) expect(estimate - plain).toBeGreaterThanOrEqual(CHARS * SHARE);
      }),
      { numRuns: 300 },
    );
  });
});

test("what an image, a sound and a document hold is not taken for text", () => {
  const data = "TWFu".repeat(100_000);
  const user = (part: object) => ({ model: "m", max_tokens: 1, messages: [{ role: "user", content: [part] }] });
  const url = `data:image/png;base64,${data}`;
  const source = { type: "base64", media_type: "image/png", data };
  const estimates = [
    estimateInputTokens(parseChat(user({ type: "image_url", image_url: { url } }))),
    estimateInputTokens(parseMessages(user({ type: "image", source }))),
    estimateInputTokens(
      parseResponses({ model: "m", input: [{ role: "user", content: [{ type: "input_image", image_url: url }] }] }),
    ),
  ];
  expect(estimates).toEqual([3008, 3008, 3008]);
  const pdf = { type: "document", source: { type: "base64", media_type: "application/pdf", data } };
  expect(estimateInputTokens(parseMessages(user(pdf)))).toBe(9 * 3000 + 8);
});

const DOCUMENT = 5 * 3000;
const LONG_PDF = `JVBERi0x${"TWFu".repeat(100_000)}`;
const said = (part: object) => ({ model: "m", max_tokens: 1, messages: [{ role: "user", content: [part] }] });

test.each<[string, Call, number]>([
  ["a stored file", parseChat(said({ type: "file", file: { file_id: "file-abc" } })), DOCUMENT],
  ["a video", parseChat(said({ type: "video_url", video_url: { url: "https://a.b/c.mp4" } })), DOCUMENT],
  ["a sound", parseChat(said({ type: "audio_url", audio_url: "https://a.b/c.mp3" })), DOCUMENT],
  ["a document", parseChat(said({ type: "document_url", document_url: "https://a.b/c" })), DOCUMENT],
  [
    "a video of frames",
    parseChat(said({ type: "video", video: ["https://a.b/1.png", "https://a.b/2.png"] })),
    2 * DOCUMENT,
  ],
  ["a file by its place", parseMessages(said({ type: "new", media: { file_uri: "gs://a/b" } })), DOCUMENT],
  [
    "a PDF in a picture's place",
    parseMessages(
      said({ type: "image", source: { type: "base64", media_type: "application/pdf", data: "TWFu".repeat(100_000) } }),
    ),
    9 * 3000,
  ],
  [
    "a PDF that is called a picture",
    parseMessages(said({ type: "image", source: { type: "base64", media_type: "image/png", data: LONG_PDF } })),
    9 * 3000,
  ],
  [
    "the same in chat",
    parseChat(said({ type: "image_url", image_url: { url: `data:image/png;base64,${LONG_PDF}` } })),
    9 * 3000,
  ],
  ["other input of embeddings", parseEmbeddings({ model: "m", input: "a", texts: [hidden(7)] }), CHARS * SHARE],
])("media that the provider fetches or opens count as documents: %s", (_name, call, least) => {
  expect(estimateInputTokens(call)).toBeGreaterThanOrEqual(least);
});

test("an address that is only mentioned is text", () => {
  const mention = { type: "text", text: "see https://a.b/c.mp4", annotations: [{ url: "https://a.b" }] };
  expect(estimateInputTokens(parseChat(said(mention)))).toBeLessThan(100);
});

test("the names and labels that form a call are free", () => {
  const messages = [{ role: "user", content: [{ type: "text", text: "hello" }] }];
  const plain = estimateInputTokens(parseChat({ model: "m", messages: [{ role: "user", content: "hello" }] }));
  const settings = { user: "u", metadata: { a: "b".repeat(512) }, temperature: 1, tool_choice: "none", stop: ["x"] };
  expect(estimateInputTokens(parseChat({ model: "m", messages, ...settings }))).toBe(plain);
});
