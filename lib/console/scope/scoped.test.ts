import { expect, test } from "vitest";
import { ADMIN_ROUTES } from "../api/table";
import { SCOPES } from "./scopes.suite";
import { scopeWords } from "./tenant-scope.shared";

test("every operation is listed with how operators of some tenants may use it, and nothing else is", () => {
  const declared = ADMIN_ROUTES.map(({ method, path, scoped }) => {
    const kind =
      scoped === undefined ? "denied" : scoped.kind === "tenant" ? `tenant in ${scoped.member}` : scoped.kind;
    return [`${method} ${path}`, kind];
  });
  const listed = Object.entries(SCOPES).flatMap(([kind, all]) => all.map((one) => [one, kind]));
  const inOrder = (rows: string[][]) => rows.map((row) => row.join(": ")).sort();
  expect(inOrder(declared)).toEqual(inOrder(listed));
});

test("what a tenant's path names is that tenant, and no operator of some tenants gets an admin's right", () => {
  for (const { path, scoped, right } of ADMIN_ROUTES) {
    if (scoped?.kind === "tenant" && scoped.member === "slug") expect(path).toMatch(/^\/tenants\/\{slug\}/);
    if (scoped !== undefined) expect(["staff.view", "staff.edit", "config.view", "config.apply"]).not.toContain(right);
  }
});

test.each([
  [[], "no tenant"],
  [["a"], "the tenant a"],
  [["a", "b"], "the tenants a, b"],
  [["a", "b", "c", "d", "e", "f", "g"], "the tenants a, b, c, d, e and 2 more"],
])("%j reads as %s", (slugs, words) => {
  expect(scopeWords(slugs)).toBe(words);
});
