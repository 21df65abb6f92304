import { expect, test } from "vitest";
import { asPublicError } from "@/lib/errors";
import { parseMessages } from "@/lib/wire/anthropic/parse-messages";
import type { Call } from "@/lib/wire/call";
import { parseJsonBody } from "@/lib/wire/json/json-guard";
import { parseChat } from "@/lib/wire/openai/parse-chat";
import { parseEmbeddings } from "@/lib/wire/openai/parse-embeddings";
import { parseResponses } from "@/lib/wire/responses/parse-responses";
import { garbled, mutated, rounds } from "./fuzz.suite";

const TOOL = { type: "function", function: { name: "flow", parameters: { type: "object" } } };
const PARTS = [
  { type: "text", text: "look 🌊" },
  { type: "image_url", image_url: { url: "https://a.b/c.png" } },
];
const REST = { model: "m", stream: true, temperature: 0.5 };

const PARSERS: readonly (readonly [name: string, sound: object, parse: (json: Record<string, unknown>) => Call])[] = [
  [
    "chat",
    {
      ...REST,
      max_tokens: 16,
      n: 2,
      user: "u",
      stop: ["a"],
      metadata: { a: "b" },
      logit_bias: { 5: 1 },
      messages: [{ role: "user", content: PARTS }],
      tools: [TOOL],
      stream_options: { include_usage: true },
    },
    parseChat,
  ],
  [
    "messages",
    {
      ...REST,
      max_tokens: 16,
      system: [{ type: "text", text: "s" }],
      metadata: { user_id: "u" },
      messages: [{ role: "user", content: [{ type: "text", text: "t" }] }],
      tools: [{ name: "t", input_schema: {} }],
    },
    (json) => parseMessages(json),
  ],
  [
    "responses",
    { ...REST, max_output_tokens: 16, input: [{ type: "message", role: "user", content: "hi" }], instructions: "i" },
    parseResponses,
  ],
  ["embeddings", { model: "m", input: ["a", "b"], user: "u" }, parseEmbeddings],
];

/** What was taken is fit for what follows: it can be forwarded, counted and named. */
function expectSound(call: Call): void {
  expect(typeof call.model).toBe("string");
  expect(call.maxOutputTokens === null || Number.isSafeInteger(call.maxOutputTokens)).toBe(true);
  expect((call.maxOutputTokens ?? 1) >= 0).toBe(true);
  expect(Number.isSafeInteger(call.choices) && call.choices >= 1 && call.choices <= 8).toBe(true);
  expect(JSON.parse(JSON.stringify(call.body))).toEqual(call.body);
  expect(call.inputTexts.every((text) => typeof text === "string")).toBe(true);
  expect(Object.getPrototypeOf(call.body)).toBe(Object.prototype);
  expect(call.user === null || !call.user.includes("\0")).toBe(true);
}

test.each(PARSERS)("any body is a %s call or an error that callers may see", (_name, sound, parse) => {
  let taken = 0;
  rounds(1500, (chance) => {
    const text = JSON.stringify(mutated(sound, chance, chance.pick([0.01, 0.05, 0.2])));
    const sent = new TextEncoder().encode(text);
    try {
      expectSound(parse(parseJsonBody(chance.isLikely(0.3) ? garbled(sent, chance) : sent)));
      taken += 1;
    } catch (error) {
      if (asPublicError(error) === null) throw error;
    }
  });
  expect(taken).toBeGreaterThan(50);
  expect(Reflect.get({}, "admin")).toBeUndefined();
});

test("a body that passes the guard equals JSON.parse's value, and is written back the same", () => {
  rounds(3000, (chance) => {
    const sent = garbled(
      new TextEncoder().encode(JSON.stringify({ a: [1, "é\n", { b: null }], c: "\\u0041" })),
      chance,
    );
    try {
      const value = parseJsonBody(sent);
      const plain: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(sent));
      expect(value).toEqual(plain);
      expect(JSON.parse(JSON.stringify(value))).toEqual(value);
    } catch (error) {
      if (asPublicError(error) === null) throw error;
    }
  });
});
