import { expect, test } from "vitest";
import type { ErrorAnswer } from "@/lib/wire/error-answer";
import { forReader } from "./read-as-text";

const OPENCODE = "opencode/1.18.33 ai-sdk/provider-utils/4.0.46 runtime/bun/1.3.14";
/** What opencode 1.18.33 looks for in the text of an answer. */
const ITS_OWN = [
  /429|500|502|503|504|524/i,
  /rate increased too quickly|rate limit|rate-limit|rate_limit|too many requests/i,
  /overloaded|service unavailable|service_unavailable|service-unavailable|internal error|server error|server_error/i,
  /provider returned error|provider_returned_error|terminated|fetch failed|failed to fetch|network[-_\s]error/i,
  /connection (?:error|refused|lost)|socket connection was closed|socket hang up|reset before headers|upstream connect/i,
  /getaddrinfo|enotfound|eai_again|econnrefused|econnreset|etimedout/i,
  /\b(?:request|response|connection|network|stream|read) (?:timeout|timed out|time out)\b/i,
  /try your request again|retry your request|resource exhausted|resource_exhausted/i,
  /\btry again (?:later|in\b)|\b(?:currently|temporarily) at capacity\b/i,
];
const answer = (more: Partial<ErrorAnswer> = {}): ErrorAnswer => ({
  code: "insufficient_quota",
  message: 'You exceeded your quota "rate-limit" (key): $500.00 of $504290.00 are used. It will reset at 2026-12-01.',
  param: null,
  requestId: "req_01a2214291eda50c09e3aa01a0c50429",
  fields: { limit: 500_000_000, used: 7, reset_at: "2026-12-01T00:00:00.503Z", limit_name: "rate-limit" },
  ...more,
});
const without = (text: string) => text.replaceAll("\u2060", "");

test("opencode gets an answer that it does not take for one to repeat, and people read the same", () => {
  const told = forReader(answer(), OPENCODE);
  const text = JSON.stringify(told);
  expect(ITS_OWN.filter((one) => one.test(text))).toEqual([]);
  expect(without(told.message)).toBe(answer().message);
  expect(without(told.requestId)).toBe(answer().requestId);
  expect(told.fields).toEqual({ used: 7 });
});

test.each([
  ["50429 55024", "connection error", "stream timeout"],
  ["failed to fetch", "network error", "request timed out"],
  ["provider returned error", "temporarily at capacity", "ECONNRESET"],
  ["internal server error", "RATE LIMIT", "try again later"],
])("nor one whose limit has such a name: %s, %s, %s", (...names) => {
  const told = forReader(answer({ message: `You exceeded ${names.join(", ")}.`, fields: { names } }), OPENCODE);
  expect(ITS_OWN.filter((one) => one.test(JSON.stringify(told)))).toEqual([]);
});

test("a provider's words stay as they are", () => {
  const passed = { shouldRetry: false };
  const told = forReader(answer({ message: "Error 500 of the provider", passed }), OPENCODE);
  expect(told.message).toBe("Error 500 of the provider");
  expect(told.requestId).not.toBe(answer().requestId);
});

test.each(["claude-cli/2.1.332 (external, sdk-cli)", "OpenAI/JS 7.59.0", undefined])("%s gets all", (agent) => {
  expect(forReader(answer(), agent)).toEqual(answer());
});
