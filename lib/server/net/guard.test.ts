import { describe, expect, test } from "vitest";
import { isPlainPath, pathOf } from "./guard";

describe("a path in normal form", () => {
  test.each([
    "/",
    "/v1/chat/completions",
    "/v1/models/sim-small",
    "/v1/models/meta/llama-3.1:free",
    "/v1/models/meta%2Fllama-3.1%3Afree",
    "/api/admin/models/meta%2Fllama-3.1",
    "/api/admin/providers/meta%2Fhere",
    "/api/admin/tenants/fern-street",
    "/api/admin/tiers/a%20b",
    "/t/abc.def_~-",
    "/_next/static/chunks/app/[slug]/page-1a2b.js",
    "/t%C3%BCr",
    "/a..b/...",
  ])("%s", (path) => {
    expect(isPlainPath(path)).toBe(true);
  });
});

describe("anything else is no path here", () => {
  test.each([
    "",
    "*",
    "//",
    "//evil.test/v1/models",
    "/\\evil.test",
    "/v1//models",
    "/v1/models/",
    "/x/../v1/models",
    "/v1/../api/admin/overview",
    "/v1/./models",
    "/v1/..",
    "/v1/.",
    "/v1/%2e%2e/api/admin/overview",
    "/v1/.%2E/api/admin/overview",
    "/v1/%2e/models",
    "/v1%2fmodels",
    "/v1/chat%2Fcompletions",
    "/v1%5cmodels",
    "/v1\\..\\api\\admin",
    "/v1/models/..%2f..%2fapi/admin/overview",
    "/v1/models/a%2F%2Fb",
    "/api/admin/models/..%2Ftiers",
    "/api/admin/tiers/a%2Fb",
    "/v1/models/a%2F",
    "/v1/models/%252e%252e/x",
    "/v1/%252e%252e/x",
    "/v1/ch%61t/completions",
    "/v1/mo%64els",
    "/v1/models/a%00b",
    "/v1/a%0d%0ab",
    "/v1/a%7Fb",
    "/v1/%c0%ae%c0%ae/x",
    "/v1/%ff",
    "/v1/%",
    "/v1/%zz",
    "/v1/%u002e",
    "/v1/a b",
    "/v1/\u00ff",
    "/v1/models#x",
    "/v1/<x>",
  ])("%j", (path) => {
    expect(isPlainPath(path)).toBe(false);
  });
});

test("the path ends at the first question mark", () => {
  expect(pathOf("/a?b?c/../d")).toBe("/a");
  expect(pathOf("/a")).toBe("/a");
});
