import { describe, expect, test } from "vitest";
import { saidIn } from "./said";
import { type Failure, toldFailure } from "./told";

const NOW = Date.UTC(2026, 10, 27, 12, 0, 0);

function told(status: number, body: unknown, headers: Record<string, string> = {}, more: Partial<Failure> = {}) {
  const error = toldFailure({
    status,
    said: saidIn(body, true),
    nowMs: NOW,
    secrets: [],
    isSameDialect: true,
    header: (name) => headers[name] ?? null,
    ...more,
  });
  const { code, message, param, retryAfterSeconds, passed } = error;
  return { code, message, param, wait: retryAfterSeconds, status: passed?.status ?? error.status, ...passed };
}

const openai = (message: string, more: object = {}) => ({ error: { message, ...more } });

describe("an error keeps its code", () => {
  test.each<[number, unknown, string, number]>([
    [400, openai("Your input exceeds the context window of this model."), "context_length_exceeded", 400],
    [400, openai("x", { code: "context_length_exceeded" }), "context_length_exceeded", 400],
    [
      400,
      { message: "This model's maximum context length is 8192 tokens.", code: 400 },
      "context_length_exceeded",
      400,
    ],
    [400, openai("prompt is too long: 210000 tokens > 200000 maximum"), "context_length_exceeded", 400],
    [413, openai("Input is too long for requested model."), "context_length_exceeded", 400],
    [422, openai("`inputs` tokens + `max_new_tokens` exceeds the model context"), "context_length_exceeded", 400],
    [200, { error: "context length exceeded" }, "context_length_exceeded", 400],
    [400, openai("Unsupported value: 'temperature'"), "upstream_refused", 400],
    [400, openai("max_tokens is too large: 70000"), "upstream_refused", 400],
    [400, openai("Invalid value for max_tokens: maximum 4096"), "upstream_refused", 400],
    [422, openai("no"), "upstream_refused", 422],
    [451, openai("no"), "upstream_refused", 451],
    [401, openai("Incorrect API key"), "upstream_auth", 502],
    [403, openai("no access to this model"), "upstream_forbidden", 403],
    [402, openai("Insufficient Balance"), "upstream_quota", 429],
    [429, openai("You exceeded your current quota", { code: "insufficient_quota" }), "upstream_quota", 429],
    [404, openai("The model does not exist"), "upstream_not_found", 404],
    [408, openai("x"), "upstream_timeout", 504],
    [413, openai("Request too large"), "upstream_too_large", 413],
    [429, openai("slow down"), "upstream_rate_limited", 429],
    [500, openai("x"), "upstream_error", 502],
    [500, { type: "error", error: { type: "overloaded_error", message: "Overloaded" } }, "upstream_overloaded", 503],
    [503, openai("x"), "upstream_overloaded", 503],
    [504, openai("x"), "upstream_timeout", 504],
    [529, openai("x"), "upstream_overloaded", 503],
    [302, null, "upstream_error", 502],
    [200, { error: { message: "x", code: 429 } }, "upstream_rate_limited", 429],
    [200, { type: "error", error: { type: "rate_limit_error", message: "x" } }, "upstream_rate_limited", 429],
    [200, { type: "error", error: { type: "overloaded_error", message: "x" } }, "upstream_overloaded", 503],
    [200, { error: { type: "server_error", message: "x" } }, "upstream_error", 502],
  ])("%i %j is %s", (status, body, code, answered) => {
    expect(told(status, body)).toMatchObject({ code, status: answered });
  });
});

describe("a retry is advised where it can help", () => {
  test.each<[number, Record<string, string>, boolean, number | null]>([
    [429, {}, true, 1],
    [429, { "retry-after": "7" }, true, 7],
    [429, { "retry-after": "6.2" }, true, 7],
    [429, { "retry-after-ms": "9000" }, true, 9],
    [429, { "retry-after": "60", "retry-after-ms": "1500" }, true, 2],
    [429, { "retry-after": new Date(NOW + 40_000).toUTCString() }, true, 40],
    [429, { "retry-after": new Date(NOW - 40_000).toUTCString() }, true, 1],
    [429, { "retry-after": "soon" }, true, 1],
    [429, { "retry-after": "90" }, false, 90],
    [429, { "retry-after": "999999" }, false, 3600],
    [429, { "x-should-retry": "false" }, false, 1],
    [500, { "retry-after": "25" }, true, 25],
    [503, { "retry-after": "25" }, true, 25],
    [529, { "retry-after": "25" }, true, 25],
    [503, {}, true, null],
    [501, {}, false, null],
    [400, {}, false, null],
    [404, {}, false, null],
    [413, {}, false, null],
    [401, {}, false, null],
    [402, {}, false, null],
  ])("%i %j: %s, after %s", (status, headers, shouldRetry, wait) => {
    expect(told(status, openai("x"), headers)).toMatchObject({ shouldRetry, wait });
  });
});

describe("the provider's words pass", () => {
  test("message, type, code and parameter of a refusal", () => {
    const body = openai("Unsupported value", {
      type: "invalid_request_error",
      code: "unsupported_value",
      param: "top_p",
    });
    expect(told(400, body)).toMatchObject({
      message: "Unsupported value",
      type: "invalid_request_error",
      code: "unsupported_value",
      param: "top_p",
    });
  });

  test("Anthropic's code, which stands in details", () => {
    const details = { error_code: "thread_not_found" };
    const error = { type: "not_found_error", message: "No usable thread was found.", details };
    expect(told(404, { type: "error", error })).toMatchObject({ type: "not_found_error", code: "thread_not_found" });
  });

  test("the type of a limit and of a fault, with a code of ours that says whose it is", () => {
    const tokens = openai("Rate limit reached", { type: "tokens", code: "rate_limit_exceeded" });
    expect(told(429, tokens)).toMatchObject({ type: "tokens", code: "upstream_rate_limited" });
    expect(told(500, openai("x", { type: "engine_error" }))).toMatchObject({ type: "engine_error" });
    expect(told(401, openai("x", { type: "their_key" }))).not.toMatchObject({ type: "their_key" });
  });

  test("types and codes only where the caller speaks that dialect", () => {
    const body = openai("no", { type: "weird_type", code: "weird_code" });
    expect(told(400, body, {}, { isSameDialect: false })).toMatchObject({ code: "upstream_refused", message: "no" });
    expect(told(400, openai("no", { type: "a b\nc", code: 400 }))).toMatchObject({ code: "upstream_refused" });
  });

  test("no header of our account passes", () => {
    expect(told(401, openai("Incorrect API key provided: sk-abc")).message).not.toContain("sk-abc");
    expect(told(429, openai("quota", { code: "insufficient_quota" })).message).not.toContain("quota");
    const secrets = ["our-own-credential"];
    expect(told(400, openai("key our-own-credential is bad"), {}, { secrets }).message).toBe("key [hidden] is bad");
  });

  test("a limit's wait stands in the text as well, where some clients read it", () => {
    expect(told(429, openai("slow"), { "retry-after": "7" }).message).toBe(
      "The provider has reached its own limit: slow Please try again in 7s.",
    );
  });

  test("an error without a message gets one", () => {
    expect(told(418, null).message).toBe("The provider rejected this request with status 418.");
    expect(told(500, null).message).toBe("The provider answered with status 500.");
    expect(told(200, {}).message).toBe("The provider reported an error while answering.");
  });
});
