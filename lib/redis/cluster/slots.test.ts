import { expect, test } from "vitest";
import { rangesIn, redirectIn, SlotTable, slotOf } from "./slots";

test("slots are those of the specification: its test vector, hash tags, and keys whose braces are empty or open", () => {
  expect(slotOf("123456789")).toBe(0x31c3);
  expect(slotOf("{user1000}.following")).toBe(slotOf("{user1000}.followers"));
  expect(slotOf("foo{{bar}}zap")).toBe(slotOf("{bar"));
  expect(slotOf("foo{bar}{zap}")).toBe(slotOf("bar"));
  expect(slotOf("foo{}{bar}")).not.toBe(slotOf("bar"));
  expect(slotOf("{open")).toBe(slotOf("{open"));
  // As redis-server 7.0.15 answers CLUSTER KEYSLOT.
  expect(slotOf("foo")).toBe(12182);
});

test("a redirect names the slot and the master, by its own name or where it was asked", () => {
  expect(redirectIn("MOVED 3999 127.0.0.1:6381", "h")).toEqual({
    kind: "moved",
    slot: 3999,
    address: "127.0.0.1:6381",
  });
  expect(redirectIn("ASK 3999 :6381", "h")).toEqual({ kind: "ask", slot: 3999, address: "h:6381" });
  expect(redirectIn("MOVED 1 2001:db8::1:6381", "h")?.address).toBe("[2001:db8::1]:6381");
  expect(redirectIn("ReplyError: MOVED 1 a:2", "h")?.address).toBe("a:2");
  expect(redirectIn("ERR MOVED 1 a:2", "h")).toBe(null);
});

test("the table says when a known slot has another master, not when a slot is new to it", () => {
  const table = new SlotTable();
  const ranges = rangesIn(
    [
      [0, 100, ["127.0.0.1", 7000, "id"], ["127.0.0.1", 7003, "replica"]],
      [101, 16_383, ["", 7001, "id"]],
    ],
    "asked",
  );
  expect(table.hear(ranges)).toBe(false);
  expect([table.ownerOf(100), table.ownerOf(101)]).toEqual(["127.0.0.1:7000", "asked:7001"]);
  expect(table.hear(ranges)).toBe(false);
  expect(table.hear([{ first: 50, last: 50, address: "127.0.0.1:7003" }])).toBe(true);
  expect([...table.addresses].sort()).toEqual(["127.0.0.1:7000", "127.0.0.1:7003", "asked:7001"]);
});
