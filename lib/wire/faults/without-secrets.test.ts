import { describe, expect, test } from "vitest";
import { withoutSecrets } from "./without-secrets";

describe("secrets are taken out", () => {
  test.each([
    "sk-proj-abcdEFGH1234567890",
    "sk-ab*****************xyz",
    "sk-ant-api03-AAAABBBBCCCC1111",
    "AIzaSyA1234567890abcdefghijk",
    "Bearer abcdef1234567890",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc123",
    "api_key=verysecret",
    "org-AbCdEf123456",
    "proj_123abc456",
    "user-7f3a9",
    "0f8fad5b-d9cb-469f-a165-70867728950e",
    "ann@example.com",
    "10.1.2.3:8000",
    "192.168.0.7",
    "4f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c",
  ])("%s", (secret) => {
    const text = withoutSecrets(`Refused for ${secret} today`);
    expect(text).not.toContain(secret);
    expect(text).toContain("Refused for");
  });

  test("an address loses its query and its user", () => {
    expect(withoutSecrets("see https://me:pw@host.example/a?key=1")).toBe("see https://[hidden]host.example/a[hidden]");
  });
});

test.each([
  "prompt is too long: 210000 tokens > 200000 maximum",
  "This model's maximum context length is 128000 tokens. However, you requested 140000 tokens.",
  "Invalid value for 'max_tokens': 70000 is above 65536.",
  "The model `claude-sonnet-4-5-20250929` does not exist or you do not have access to it.",
  "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'",
  "messages.3: `tool_use` ids were found without `tool_result` blocks: toolu_01A09q90qw90lq917835lq9",
  "user messages must have non-empty content",
  "Rate limit reached on tokens per min (TPM): Limit 30000, Used 29000. Please try again in 6s.",
])("the words of an error stay: %s", (text) => {
  expect(withoutSecrets(text)).toBe(text);
});

test("one line, of bounded length", () => {
  expect(withoutSecrets(" a\r\n\u0000b ")).toBe("a b");
  expect(withoutSecrets("x ".repeat(10_000)).length).toBeLessThanOrEqual(2000);
});
