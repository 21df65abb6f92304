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
    },
  });
  expect(readEnv(ISSUER).oidc?.groups).toBeNull();
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
    [{ OIDC_ROLES: "a=viewer" }, "OIDC_ROLES needs OIDC_ISSUER"],
    [{ OIDC_ISSUER: ISSUER.OIDC_ISSUER }, "belong together"],
  ])("%j", (source, text) => {
    expect(() => readEnv(source)).toThrow(text);
  });
});
