import { describe, expect, test } from "vitest";
import { asPublicError } from "@/lib/errors";
import { parseMessages } from "../anthropic/parse-messages";
import { parseChat } from "../openai/parse-chat";
import { parseEmbeddings } from "../openai/parse-embeddings";
import { parseResponses } from "../responses/parse-responses";
import { KNOWN_FIELDS } from "./known-fields";
import { refuseClosed, unknownField } from "./open-list";
import { isSameDialect, passedHeaders, passedQuery } from "./passed-headers";
import { isPictureAddress } from "./picture-address";

const said = { messages: [{ role: "user", content: "hi" }] };

describe("unknown members pass", () => {
  test.each<[string, () => { body: Readonly<Record<string, unknown>> }, string]>([
    ["responses", () => parseResponses({ model: "m", input: "hi", client_metadata: { a: "b" } }), "client_metadata"],
    ["responses", () => parseResponses({ model: "m", prompt: { id: "p" } }), "prompt"],
    ["responses", () => parseResponses({ model: "m", conversation: "c" }), "conversation"],
    ["messages", () => parseMessages({ model: "m", max_tokens: 5, ...said, mcp_servers: [{}] }), "mcp_servers"],
    ["messages", () => parseMessages({ model: "m", max_tokens: 5, ...said, something_new: 1 }), "something_new"],
    ["embeddings", () => parseEmbeddings({ model: "m", input: "hi", input_type: "query" }), "input_type"],
  ])("%s: %#", (_name, parse, field) => {
    expect(parse().body).toHaveProperty(field);
  });

  test("strict mode stays strict", () => {
    const codes = [
      () => parseMessages({ model: "m", max_tokens: "5", ...said }),
      () => parseMessages({ model: "m", max_tokens: 5, ...said, base_url: "x" }),
      () => parseMessages({ model: "m", max_tokens: 5, ...said, max_output_tokens: 900 }),
      () => parseResponses({ model: "m", input: "hi", background: true }),
      () => parseResponses({ model: "m", input: "hi", max_tokens: 9 }),
      () => parseEmbeddings({ model: "m", input: "hi", api_key: "k" }),
    ].map((parse) => {
      try {
        return parse();
      } catch (error) {
        return asPublicError(error)?.code;
      }
    });
    expect(codes).toEqual([
      ...["invalid_type", "unknown_field", "unknown_field", "invalid_value", "unknown_field", "unknown_field"],
    ]);
  });

  test.each(["deferred", "webhook", "webhook_url", "callback_url"])(
    "%s would bring the answer and its usage to another place",
    (name) => {
      for (const endpoint of ["chat", "responses", "messages", "completions", "embeddings", "images"] as const)
        expect(() => refuseClosed(endpoint, { model: "m", [name]: true })).toThrow("is not served here");
    },
  );

  test.each([
    ["provider", "the operator sets these"],
    ["aws_region_name", "the operator sets these"],
    ["webhook", "to another place"],
    ["maxTokens", 'another spelling of "max_tokens"'],
    ["Provider", 'another spelling of "provider"'],
    ["best_of", "more output than the cap"],
    ["max_output_tokens", "this endpoint's own cap"],
  ])("a refused member's error says what to do: %s", (name, said) => {
    expect(() => refuseClosed("chat", { [name]: 1 })).toThrow(said);
  });

  test("an unknown member is named when the provider is strict", () => {
    expect(unknownField({ model: "m", ...said, new_one: 1 }, KNOWN_FIELDS.chat)).toBe("new_one");
    expect(unknownField({ model: "m", ...said, seed: 1 }, KNOWN_FIELDS.chat)).toBeNull();
    expect(() => refuseClosed("chat", { new_one: 1 })).not.toThrow();
  });
});

describe("another spelling of what decides limits and money is refused, as some servers read it as the same", () => {
  const spellings = ["Max_Tokens", "maxTokens", "max-tokens", "MODEL", "N", "Best_Of", "serviceTier", "\u017ftream"];
  test.each([...spellings, "max_to\u212Aens", "previousResponseId"])("%s", (name) => {
    for (const endpoint of ["chat", "responses", "messages", "completions", "embeddings", "images"] as const)
      expect(() => refuseClosed(endpoint, { model: "m", [name]: 1 })).toThrow("is not served here");
  });

  test("what is only spelt like it passes", () => {
    for (const name of ["provider", "preset", "model_list", "aws_bedrock_runtime_endpoint", "vertex_credentials"])
      expect(() => refuseClosed("chat", { [name]: 1 })).toThrow("is not served here");
    for (const name of ["maxtokens", "max_tokens_", "servicetier", "apikey"])
      expect(() => refuseClosed("chat", { [name]: 1 })).toThrow("is not served here");
    for (const name of ["x-vendor", "chatTemplateKwargs", "max_tokens", "topK", "guidedJson", "ignore_eos"])
      expect(() => refuseClosed("chat", { [name]: 1 })).not.toThrow();
  });
});

test("vendors' headers go on, credentials and accounts do not", () => {
  const sent = {
    "anthropic-beta": "a,b",
    "anthropic-version": "2023-06-01",
    "openai-beta": "responses=v1",
    "x-claude-code-session-id": "s",
    "x-codex-turn": "1",
    session_id: "s",
    authorization: "Bearer k",
    "x-api-key": "k",
    "api-key": "k",
    cookie: "a=b",
    host: "h",
    "openai-organization": "o",
    "openai-project": "p",
    "x-goog-api-key": "k",
    "x-stainless-lang": "js",
    "anthropic-long": "x".repeat(4097),
    "anthropic-odd": "a\u00e9",
  };
  expect(Object.keys(passedHeaders(Object.entries(sent)))).toEqual([
    ...["anthropic-beta", "anthropic-version", "openai-beta", "x-claude-code-session-id", "x-codex-turn", "session_id"],
  ]);
  const many = Array.from({ length: 100 }, (_, at) => [`anthropic-${at}`, "x"] as const);
  expect(Object.keys(passedHeaders(many))).toHaveLength(32);
});

test("the query goes on if it is one", () => {
  expect(
    ["beta=true", "a=1&b=%20", "include[]=a&c='d'", "", "a#b", "a\r\nb", "x".repeat(2049)].map(passedQuery),
  ).toEqual([...["?beta=true", "?a=1&b=%20", "?include[]=a&c='d'", "", "", "", ""]]);
});

test("both sides speak one dialect", () => {
  expect(isSameDialect("messages", "anthropic") && isSameDialect("count_tokens", "anthropic")).toBe(true);
  expect(isSameDialect("responses", "openai") && isSameDialect("embeddings", "openai")).toBe(true);
  expect(isSameDialect("chat", "anthropic") || isSameDialect("messages", "openai")).toBe(false);
});

describe("no address in our own network goes on to a provider that would fetch it", () => {
  const inner = "http://169.254.169.254/latest";
  const user = (part: object) => [{ role: "user", content: [part] }];
  const chat = (part: object) => () => parseChat({ model: "m", messages: user(part) });
  const responses = (part: object, more: object = {}) => parseResponses({ model: "m", input: user(part), ...more });
  const messages = (part: object, more: object = {}) =>
    parseMessages({ model: "m", max_tokens: 1, messages: user(part), ...more });
  const TEXT = { type: "text", text: inner };
  test.each<[string, () => unknown]>([
    ["chat: a video", chat({ type: "video_url", video_url: { url: inner } })],
    ["chat: a sound", chat({ type: "audio_url", audio_url: "http://localhost:6379/" })],
    ["chat: frames", chat({ type: "video", video: ["https://a.b/1", "http://10.0.0.1/2"] })],
    ["responses: an image", () => responses({ type: "input_image", image_url: inner })],
    ["responses: a file", () => responses({ type: "input_file", file_url: "http://[::ffff:127.0.0.1]/" })],
    ["responses: a local file", () => responses({ type: "input_file", file_url: "file:///etc/passwd" })],
    [
      "responses: a tool's server",
      () => responses(TEXT, { tools: [{ type: "mcp", server_url: "https://10.0.0.1/" }] }),
    ],
    ["messages: an image", () => messages({ type: "image", source: { type: "url", url: "http://0x7f.1/" } })],
    ["messages: a document", () => messages({ type: "document", source: { type: "url", url: "http://redis/" } })],
    ["messages: a tool's server", () => messages(TEXT, { mcp_servers: [{ type: "url", url: "http://2130706433/" }] })],
  ])("%s", (_name, parse) => {
    expect(parse).toThrow(expect.objectContaining({ code: "invalid_value" }));
  });

  test("text may name any, and media public ones", () => {
    expect(() => [chat(TEXT)(), responses({ type: "input_text", text: inner }), messages(TEXT)]).not.toThrow();
    expect(() => responses({ type: "input_image", image_url: "https://example.com/a.png" })).not.toThrow();
    expect(() => responses({ type: "input_file", file_url: "gs://bucket/a" })).not.toThrow();
  });
});

describe("images are fetched only from public addresses", () => {
  test.each([
    ["https://example.com/a.png", true],
    ["HTTP://example.com/a.png", true],
    ["https://93.184.216.34/a.png", true],
    ["data:image/png;base64,AA==", true],
    ["data:text/html;base64,AA==", false],
    ["https://user:pw@example.com/a.png", false],
    ["http://169.254.169.254/latest", false],
    ["http://127.0.0.1/", false],
    ["http://2130706433/", false],
    ["http://0x7f.1/", false],
    ["http://10.1.2.3/", false],
    ["http://[::1]/", false],
    ["http://[::ffff:10.0.0.1]/", false],
    ["http://localhost:6379/", false],
    ["http://redis/", false],
    ["http://metadata.google.internal/", false],
    ["http://printer.local./", false],
    ["file:///etc/passwd", false],
    ["gopher://a.example/", false],
    ["javascript:1", false],
    ["//a.example/b", false],
  ])("%s: %s", (address, isAllowed) => {
    expect(isPictureAddress(address)).toBe(isAllowed);
  });
});
