import { expect, test } from "vitest";
import { clientName } from "./client-name";

test.each([
  [{ "user-agent": "OpenAI/JS 6.49.0", "x-stainless-retry-count": "0" }, "openai js 6.49.0", false],
  [{ "user-agent": "AsyncOpenAI/Python 1.99.1", "x-stainless-retry-count": "2" }, "openai python 1.99.1", true],
  [{ "user-agent": "Anthropic/JS 0.71.2" }, "anthropic js 0.71.2", false],
  [{ "user-agent": "ai/6.0.3 ai-sdk/openai/3.0.1 runtime/node.js/20" }, "ai-sdk openai 3.0.1", false],
  [{ "user-agent": "curl/8.5.0" }, "curl 8.5.0", false],
  [{ "user-agent": "'; drop table ledger --", "x-stainless-retry-count": "-1" }, "other", false],
  [{ "user-agent": `OpenAI/JS ${"9".repeat(500)}` }, `openai js ${"9".repeat(31)}`, false],
  [{}, "other", false],
])("%j", (headers: Record<string, string>, client, isRetry) => {
  expect(clientName((name) => headers[name])).toEqual({ client, isRetry });
});
