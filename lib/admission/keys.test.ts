import { expect, test } from "vitest";
import { prefixOf, storeKeys } from "./keys";

test("every key of an installation begins with its prefix, and no key of another one does", () => {
  const [one, other] = [storeKeys("one"), storeKeys("other")];
  const keysOf = (keys: ReturnType<typeof storeKeys>) => {
    const { flags, open, ...named } = keys.tenant("acme");
    return [
      ...[keys.identity, keys.door("sign_in"), flags, open],
      ...Object.values(named).map((spell) => spell("x")),
      ...[keys.subject("c", "global"), keys.subject("c", "t:acme:tenant"), keys.subject("l", "t:acme:user:u", "slot")],
    ];
  };
  expect(keysOf(one).every((key) => key.startsWith("one{") || key.startsWith("one:"))).toBe(true);
  expect(keysOf(one).filter((key) => keysOf(other).includes(key))).toEqual([]);
});

test("the key of a counter fits 28 characters under a prefix of its own making: one byte more costs Redis sixteen", () => {
  const prefix = prefixOf("0b7c1d0e-5a2f-4b86-9d57-3f1f7a1c2e44");
  expect(prefix).toMatch(/^sw[0-9a-z]{4}$/);
  expect(prefixOf("0b7c1d0e-5a2f-4b86-9d57-3f1f7a1c2e44")).toBe(prefix);
  expect(prefixOf("another installation")).not.toBe(prefix);
  expect(storeKeys(prefix).subject("c", "t:acme:user:someone").length).toBe(28);
});

test("subjects of one name under two tenants are two counters", () => {
  const keys = storeKeys("sw");
  expect(keys.subject("c", "t:acme:user:u")).not.toBe(keys.subject("c", "t:other:user:u"));
  // Beside the tag as well: two tenants whose tags meet share a node, never a counter.
  expect(keys.subject("c", "t:acme:user:u").split("}")[1]).not.toBe(keys.subject("c", "t:other:user:u").split("}")[1]);
});
