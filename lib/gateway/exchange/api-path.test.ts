import { describe, expect, test } from "vitest";
import { apiPath, meansApi } from "./api-path";

describe("the API is found under every base URL that clients use", () => {
  test.each([
    ["/v1/messages", null],
    ["/v1/models/a/b", null],
    ["/v1", null],
    ["/v1/", "/v1"],
    ["/v1/messages/", "/v1/messages"],
    ["/messages", "/v1/messages"],
    ["/messages/count_tokens", "/v1/messages/count_tokens"],
    ["/chat/completions", "/v1/chat/completions"],
    ["/responses/", "/v1/responses"],
    ["/models", "/v1/models"],
    ["/v1/v1/messages", "/v1/messages"],
    ["/openai/v1/chat/completions", "/v1/chat/completions"],
    ["/openai/chat/completions", "/v1/chat/completions"],
    ["/openai/v1", "/v1"],
    ["/anthropic/v1/messages", "/v1/messages"],
    ["/anthropic/v1/messages/", "/v1/messages"],
    ["/anthropic/messages", "/v1/messages"],
    ["/api/v1/chat/completions", "/v1/chat/completions"],
    ["/openai/v1/nothing", "/v1/nothing"],
  ])("%s is %s", (path, plain) => {
    expect(apiPath(path)).toBe(plain);
  });

  test.each([
    ...["/", "/api/chat", "/api/admin/models", "/api/auth/session", "/tenants", "/tenants/models", "/v1beta/models"],
    ...[
      "/openai",
      "/anthropic",
      "/t/abc",
      "/_next/static/chunks/a.js",
      "/v12/messages",
      "/sign-in/",
      "//evil/messages",
    ],
    ...[
      "//v1/messages",
      "/v1//chat/completions",
      "/v1/./chat/completions",
      "/v1/%2e%2e/api/admin",
      "/api/../v1/models",
    ],
  ])("%s is none of it", (path) => {
    expect(apiPath(path)).toBeNull();
  });

  test("a canonical path stays as it is", () => {
    for (const path of ["/openai/v1/v1/messages/", "/v1/v1/v1/models/", "/chat/completions/"]) {
      const plain = apiPath(path);
      expect(plain).not.toBeNull();
      expect(apiPath(plain ?? "")).toBeNull();
    }
  });
});

describe("programs and browsers at unknown paths", () => {
  const with_ = (headers: Readonly<Record<string, string>>) => (name: string) => headers[name];
  test.each([
    ["POST", "/chat/complete", {}, true],
    ["GET", "/v2/models", { "x-api-key": "k" }, true],
    ["GET", "/v2/models", { authorization: "Bearer k", accept: "application/json" }, true],
    ["GET", "/tenants", { authorization: "Bearer k", accept: "text/html,*/*" }, false],
    ["GET", "/tenants", { authorization: "Basic k" }, false],
    ["HEAD", "/", {}, false],
    ["POST", "/api/admin/brakes", { authorization: "Bearer k" }, false],
    ["GET", "/api/hello", {}, true],
    ["GET", "/api/tags", { accept: "text/html" }, true],
    ["HEAD", "/api", {}, true],
    ["GET", "/api/auth/session", {}, false],
    ["GET", "/api/metrics", {}, false],
    ["GET", "/api/adminer", {}, true],
    ["POST", "/__nextjs_original-stack-frames", {}, false],
    ["GET", "/_next/static/a.js", { authorization: "Bearer k" }, false],
  ] as const)("%s %s %o: %s", (method, path, headers, isProgram) => {
    expect(meansApi(path, method, with_(headers))).toBe(isProgram);
  });
});
