import { describe, expect, test } from "vitest";
import { groupsIn, roleOfGroups, tenantsOfGroups } from "./groups";

describe("the groups in a claim", () => {
  test.each([
    ["a list", '{"groups":["a","b"]}', "groups", ["a", "b"]],
    ["one text is one name, whatever is in it", '{"groups":"a, b"}', "groups", ["a, b"]],
    ["names twice", '{"groups":["a","a"]}', "groups", ["a", "a"]],
    ["numbers, objects and null in a list", '{"groups":[1,null,{"name":"a"},["a"],"b"]}', "groups", ["b"]],
    ["an empty list", '{"groups":[]}', "groups", []],
    ["a number", '{"groups":7}', "groups", null],
    ["an object", '{"groups":{"admin":true}}', "groups", null],
    ["null", '{"groups":null}', "groups", null],
    ["absent", "{}", "groups", null],
    ["a path", '{"realm_access":{"roles":["a"]}}', "realm_access.roles", ["a"]],
    ["an address with dots as a key", '{"https://acme.test/groups":["a"]}', "https://acme.test/groups", ["a"]],
    ["inherited names", "{}", "__proto__", null],
    ["inherited names on a path", '{"groups":["a"]}', "constructor.name", null],
    ["a key of the issuer's called __proto__", '{"__proto__":["a"]}', "__proto__", ["a"]],
    ["a path into a list", '{"groups":["a"]}', "groups.length", null],
    ["no object", "[]", "groups", null],
  ])("%s", (_name, text, claim, names) => {
    expect(groupsIn(JSON.parse(text), claim)).toEqual(names);
  });
});

describe("the role that groups give", () => {
  const rules = {
    claim: "groups",
    roles: [
      { group: "everybody", role: "viewer" as const },
      { group: "chiefs", role: "admin" as const },
      { group: "on call", role: "operator" as const },
      { group: "__proto__", role: "operator" as const },
    ],
    otherwise: null,
    tenants: null,
  };
  test.each([
    ["one", ["on call"], { role: "operator", group: "on call" }],
    ["the highest of several", ["everybody", "chiefs", "on call"], { role: "admin", group: "chiefs" }],
    ["none", ["sales"], null],
    ["no groups", [], null],
    ["another case is another group", ["Chiefs", "CHIEFS", " chiefs"], null],
    ["names of an object's own parts are names", ["constructor", "toString"], null],
    ["__proto__ is a name", ["__proto__"], { role: "operator", group: "__proto__" }],
    [
      "a hundred thousand",
      [...Array.from({ length: 100_000 }, (_, at) => `g${at}`), "chiefs"],
      { role: "admin", group: "chiefs" },
    ],
  ])("%s", (_name, names, given) => {
    expect(roleOfGroups(rules, names)).toEqual(given);
  });

  test("without a listed group, the role that is set for everybody else", () => {
    expect(roleOfGroups({ ...rules, otherwise: "viewer" }, ["sales"])).toEqual({ role: "viewer", group: null });
    expect(roleOfGroups({ ...rules, otherwise: "viewer" }, ["chiefs"])?.role).toBe("admin");
  });
});

describe("the tenants that groups give", () => {
  const given = [
    { group: "acme support", tenants: ["acme"] },
    { group: "reseller", tenants: ["beta", "acme", "gamma"] },
    { group: "platform", tenants: "*" as const },
    { group: "__proto__", tenants: ["odd"] },
  ];
  test.each([
    ["one", ["acme support"], { scope: ["acme"] }],
    ["several together", ["reseller", "acme support"], { scope: ["acme", "beta", "gamma"] }],
    ["all, by one of several", ["acme support", "platform"], { scope: null }],
    ["none of the listed: no tenant, not all", ["sales"], null],
    ["no groups", [], null],
    ["another case is another group", ["Platform", " platform"], null],
    ["names of an object's own parts", ["constructor", "toString"], null],
    ["__proto__ is a name", ["__proto__"], { scope: ["odd"] }],
  ])("%s", (_name, names, tenants) => {
    expect(tenantsOfGroups(given, names)).toEqual(tenants);
  });

  test("an empty map gives nobody a tenant", () => expect(tenantsOfGroups([], ["platform"])).toBeNull());
});
