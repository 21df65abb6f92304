import { describe, expect, test } from "vitest";
import { readEnv } from "../env";

const ISSUER = { OIDC_ISSUER: "https://id.acme.test/", OIDC_CLIENT_ID: "spillway", OIDC_CLIENT_SECRET: "secret" };

test("groups are read in their order; the role is behind the last sign; encoded names are decoded", () => {
  const OIDC_ROLES = "chiefs=admin, cn=on call%2Cou=acme=operator ,,__proto__=viewer,";
  expect(readEnv({ ...ISSUER, OIDC_ROLES, OIDC_SCOPES: "openid email groups" }).oidc).toEqual({
    issuer: "https://id.acme.test",
    clientId: "spillway",
    clientSecret: "secret",
    name: "single sign-on",
    scopes: ["openid", "email", "groups"],
    groups: {
      claim: "groups",
      roles: [
        { group: "chiefs", role: "admin" },
        { group: "cn=on call,ou=acme", role: "operator" },
        { group: "__proto__", role: "viewer" },
      ],
      otherwise: null,
      tenants: null,
    },
  });
  expect(readEnv(ISSUER).oidc?.groups).toBeNull();
});

test("groups give tenants by their slugs, or all", () => {
  const OIDC_TENANTS = '{"acme, support": ["beta", "acme", "beta"], "platform": "*", "both": ["acme", "*"]}';
  expect(readEnv({ ...ISSUER, OIDC_ROLES: "a=viewer", OIDC_TENANTS }).oidc?.groups?.tenants).toEqual([
    { group: "acme, support", tenants: ["acme", "beta"] },
    { group: "platform", tenants: "*" },
    { group: "both", tenants: "*" },
  ]);
  // Set, and nobody is in it: no tenant for anybody.
  expect(readEnv({ ...ISSUER, OIDC_ROLES: "a=viewer", OIDC_TENANTS: "{}" }).oidc?.groups?.tenants).toEqual([]);
});

describe("a wrong variable is named, and the process does not start", () => {
  test.each([
    [{ ...ISSUER, OIDC_ROLES: "chiefs" }, 'OIDC_ROLES: "chiefs" must be group=role'],
    [{ ...ISSUER, OIDC_ROLES: "=admin" }, 'OIDC_ROLES: "=admin" must be group=role'],
    [{ ...ISSUER, OIDC_ROLES: "chiefs=owner" }, 'OIDC_ROLES: "chiefs=owner" must be group=role'],
    [{ ...ISSUER, OIDC_ROLES: "chiefs=Admin" }, "OIDC_ROLES"],
    [{ ...ISSUER, OIDC_ROLES: "100%=admin" }, "OIDC_ROLES"],
    [{ ...ISSUER, OIDC_ROLES: "a=viewer,a=admin" }, 'OIDC_ROLES: the group "a" is listed twice'],
    [{ ...ISSUER, OIDC_ROLES: "a=viewer", OIDC_ROLE_DEFAULT: "admin" }, "OIDC_ROLE_DEFAULT"],
    [{ ...ISSUER, OIDC_ROLE_DEFAULT: "viewer" }, "OIDC_ROLE_DEFAULT needs OIDC_ROLES"],
    [{ ...ISSUER, OIDC_SCOPES: "email" }, "OIDC_SCOPES: must have openid"],
    [{ ...ISSUER, OIDC_TENANTS: '{"a": ["x"]}' }, "OIDC_TENANTS needs OIDC_ROLES"],
    [{ OIDC_ROLES: "a=viewer" }, "OIDC_ROLES needs OIDC_ISSUER"],
    [{ OIDC_ISSUER: ISSUER.OIDC_ISSUER }, "belong together"],
  ])("%j", (source, text) => {
    expect(() => readEnv(source)).toThrow(text);
  });
});

test.each([
  "acme",
  "[]",
  "null",
  '"*"',
  '{"a": []}',
  '{"a": "acme"}',
  '{"a": ["Acme"]}',
  '{"a": ["acme-*"]}',
  '{"": "*"}',
])("OIDC_TENANTS of %s is named, and the process does not start", (OIDC_TENANTS) => {
  expect(() => readEnv({ ...ISSUER, OIDC_ROLES: "a=viewer", OIDC_TENANTS })).toThrow("OIDC_TENANTS: must be JSON");
});
