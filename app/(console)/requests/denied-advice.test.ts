import { expect, test } from "vitest";
import { deniedAdvice } from "./denied-advice";

test.each([
  ["invalid_api_key", "/keys?find=abc"],
  ["key_expired", "/keys?find=abc"],
  ["ip_not_allowed", "/keys?find=abc"],
  ["model_not_allowed", "/keys?find=abc"],
  ["endpoint_not_allowed", "/keys?find=abc"],
  ["tenant_suspended", "/tenants/acme"],
  ["model_not_found", "/catalog"],
  ["invalid_json", "/requests/log?outcome=invalid_json&key=abc"],
])("a call denied with %s leads to where that is changed", (code, href) => {
  expect(deniedAdvice({ code, tenant: "acme", keyId: "abc" }).href).toBe(href);
});

test("a key id that was only sent leads to no key", () => {
  expect(deniedAdvice({ code: "invalid_api_key", tenant: null, keyId: "abc" })).toMatchObject({
    href: "/requests/log?outcome=invalid_api_key",
    words: "No key of this installation was sent.",
  });
});
