import { describe, expect, test } from "vitest";
import { isBrokenFinish, saidIn } from "./said";

describe("an error is found in every form that providers write one", () => {
  test.each<[string, unknown, object]>([
    [
      "OpenAI",
      { error: { message: "m", type: "t", code: "c", param: "p" } },
      { message: "m", type: "t", code: "c", param: "p" },
    ],
    ["Anthropic", { type: "error", error: { type: "overloaded_error", message: "m" } }, { type: "overloaded_error" }],
    ["a number as the code", { error: { message: "m", code: 503 } }, { code: "503", status: 503 }],
    ["a number in quotes", { error: { message: "m", code: "429" } }, { status: 429 }],
    ["a string", { error: "bad" }, { message: "bad" }],
    [
      "a string beside a message",
      { error: "Unauthorized", message: "no", status: 401 },
      { message: "no", status: 401 },
    ],
    ["vLLM", { object: "error", message: "m", type: "BadRequestError", code: 400 }, { message: "m", status: 400 }],
    ["FastAPI", { detail: "worker died" }, { message: "worker died" }],
    ["FastAPI's list", { detail: [{ loc: ["body"], msg: "field required" }] }, { message: "field required" }],
    ["problem details", { title: "Too big", status: 413 }, { message: "Too big", status: 413 }],
    ["errors", { errors: [{ message: "first" }, { message: "second" }] }, { message: "first" }],
    ["a bare message with a code", { message: "m", code: 500 }, { message: "m", status: 500 }],
    ["Google's list", [{ error: { code: 429, message: "m", status: "RESOURCE_EXHAUSTED" } }], { status: 429 }],
    ["Groq, inside of a chunk", { choices: [], x_groq: { error: "over capacity" } }, { message: "over capacity" }],
    ["beside null choices", { id: "", choices: null, error: "bad" }, { message: "bad" }],
    [
      "a router's, with what stood behind it",
      { error: { message: "Provider returned error", code: 400, metadata: { raw: "prompt is too long" } } },
      { message: "Provider returned error prompt is too long" },
    ],
    ["no success", { success: false, message: "m" }, { message: "m" }],
    ["only a flag", { error: true }, { message: null }],
  ])("%s", (_name, value, said) => {
    expect(saidIn(value)).toMatchObject(said);
  });

  test.each<[string, unknown]>([
    ["a chunk", { id: "1", choices: [{ index: 0, delta: { content: "error" } }] }],
    ["null", { choices: [], error: null }],
    ["an empty error", { choices: [], error: "" }],
    ["a chunk with a status", { choices: [], status: 500, message: "m" }],
    ["one of Anthropic's events", { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "x" } }],
    ["a ping", { type: "ping" }],
    ["a message without a code", { message: "hello" }],
    ["nothing", null],
    ["a number", 5],
  ])("but not in %s", (_name, value) => {
    expect(saidIn(value)).toBeNull();
  });

  test("whatever an event named error holds is one", () => {
    expect(saidIn({ message: "internal" }, true)).toMatchObject({ message: "internal" });
    expect(saidIn({}, true)).toMatchObject({ message: null });
    expect(saidIn("down", true)).toMatchObject({ message: "down" });
  });
});

test("a finish that says the provider failed is no finish", () => {
  expect(["error", "insufficient_system_resource", "abort"].filter(isBrokenFinish)).toHaveLength(3);
  expect(["stop", "length", "tool_calls", "content_filter", null, undefined].filter(isBrokenFinish)).toEqual([]);
});
