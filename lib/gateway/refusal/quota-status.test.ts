import { expect, test } from "vitest";
import { quotaStatus } from "./quota-status";

const statusFor = (headers: Record<string, string>) => quotaStatus("insufficient_quota", (name) => headers[name]);

test.each([
  ["opencode/1.18.33 ai-sdk/provider-utils/4.0.46 runtime/bun/1.3.14", 402],
  ["ai-sdk/openai-compatible/3.0.37 ai-sdk/provider-utils/5.0.30 runtime/bun/1.3.13", 402],
  ["ai/6.0.326 ai-sdk/provider-utils/4.0.66 runtime/node.js/v20.20.2", 402],
  ["ai/7.0.173 ai-sdk-provider-utils/5.0.81 node.js/v20.20.2", 402],
  ["QwenCode/0.24.4 (linux; x64)", 402],
  ["codex_exec/0.171.0 (Debian 12.0.0; x86_64) unknown (codex_exec; 0.171.0)", null],
  ["claude-cli/2.1.332 (external, sdk-cli)", null],
  ["OpenAI/JS 7.59.0", null],
  ["", null],
])("a used-up budget has the status at which the client stops: %s", (agent, status) => {
  expect(statusFor({ "user-agent": agent })).toBe(status);
});

test("the caller's own choice comes first", () => {
  expect(statusFor({ "x-spillway-quota-status": "402" })).toBe(402);
  expect(statusFor({ "user-agent": "QwenCode/0.24.4", "x-spillway-quota-status": "429" })).toBeNull();
});

test("no other refusal changes", () => {
  expect(quotaStatus("rate_limit_exceeded", () => "402")).toBeNull();
});
