import { expect, test } from "vitest";
import { newRequestId } from "@/lib/request-id";
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

test("under a prefix of their own making keys fit what Redis allots: 30 characters a counter, 22 a running call", () => {
  const prefix = prefixOf("0b7c1d0e-5a2f-4b86-9d57-3f1f7a1c2e44");
  expect(prefix).toMatch(/^[0-9a-z]{3}$/);
  expect(prefixOf("0b7c1d0e-5a2f-4b86-9d57-3f1f7a1c2e44")).toBe(prefix);
  expect(prefixOf("another installation")).not.toBe(prefix);
  expect(storeKeys(prefix).subject("c", "t:acme:user:someone").length).toBeLessThanOrEqual(30);
  const { reservation } = storeKeys(prefix).tenant("acme");
  const ids = [newRequestId(1_795_000_000_000), newRequestId(1_795_000_000_000), "a caller's own", "another's"];
  expect(ids.map((id) => reservation(id).length)).toEqual([22, 22, 22, 22]);
  expect(new Set(ids.map(reservation)).size).toBe(4);
});

test("subjects of one name under two tenants are two counters", () => {
  const keys = storeKeys("sw");
  expect(keys.subject("c", "t:acme:user:u")).not.toBe(keys.subject("c", "t:other:user:u"));
  // Outside the tag too: two tenants whose tags collide share a node, never a counter.
  expect(keys.subject("c", "t:acme:user:u").split("}")[1]).not.toBe(keys.subject("c", "t:other:user:u").split("}")[1]);
});

test("on a cluster every key of an installation has its tag, and no tenant's key is another's", () => {
  const keys = storeKeys("clu", "together");
  const { flags, open, ...named } = keys.tenant("acme");
  const all = [
    ...[keys.identity, keys.virtualCosts, keys.line("l"), keys.door("sign_in"), flags, open],
    ...Object.values(named).map((spell) => spell("x")),
    ...[keys.subject("c", "global"), keys.subject("c", "t:acme:tenant"), keys.subject("l", "t:acme:user:u", "slot")],
    ...[keys.tenant("other").flags, keys.tenant("other").open],
  ];
  expect(all.every((key) => key.startsWith("{clu}"))).toBe(true);
  expect(new Set(all).size).toBe(all.length);
});
