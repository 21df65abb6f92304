import { expect, test } from "vitest";
import type { Priority } from "@/lib/limits/rules/priority";
import { QUEUE_CONSTANTS } from "./constants";
import { Room } from "./room";

const small = { ...QUEUE_CONSTANTS, tenantCallsMax: 3, classCallsMax: 4, bytesMax: 1000 };
let since = 0;
const call = (tenantId: string, priority: Priority, bytes = 1) => ({
  tenantId,
  priority,
  bytes,
  weight: 1,
  since: since++,
});

test("a tenant's own line is full: its newest of the least urgent leaves for a more urgent one, else the comer is refused", () => {
  const room = new Room(() => small);
  const [first, second, third] = [call("a", "batch"), call("a", "background"), call("a", "background")];
  for (const one of [first, second, third]) expect(room.enter(one).kind).toBe("in");
  expect(room.enter(call("a", "background"))).toEqual({ kind: "full", by: "tenant" });
  expect(room.enter(call("a", "interactive"))).toEqual({ kind: "in", pushedOut: [third] });
  expect(room.enter(call("b", "background")).kind).toBe("in");
  expect(room.size).toBe(4);
});

test("a class is full: the newest of its heaviest tenant leaves, and that tenant itself gets no more in", () => {
  const room = new Room(() => small);
  const heavy = [call("heavy", "batch"), call("heavy", "batch"), call("heavy", "batch")];
  for (const one of [...heavy, call("light", "batch")]) room.enter(one);
  expect(room.enter(call("light", "batch"))).toEqual({ kind: "in", pushedOut: [heavy[2]] });
  // Now both have two: a newcomer would make its own tenant the heaviest.
  expect(room.enter(call("heavy", "batch"))).toEqual({ kind: "full", by: "class" });
  expect(room.enter(call("third", "batch"))).toMatchObject({ kind: "in" });
  expect(room.enter(call("third", "interactive"))).toEqual({ kind: "in", pushedOut: [] });
  expect([room.count("batch"), room.count("interactive")]).toEqual([4, 1]);
});

test("the bytes are full: as many of the least urgent leave as are needed, or none", () => {
  const room = new Room(() => small);
  const [one, two, urgent] = [call("a", "background", 400), call("b", "background", 300), call("c", "standard", 300)];
  for (const waiter of [one, two, urgent]) room.enter(waiter);
  expect(room.enter(call("d", "background", 100))).toMatchObject({ kind: "in", pushedOut: [one] });
  expect(room.enter(call("e", "batch", 900))).toEqual({ kind: "full", by: "bytes" });
  expect([room.size, room.bytes]).toEqual([3, 700]);
  expect(room.enter(call("f", "interactive", 1001))).toEqual({ kind: "full", by: "bytes" });
  expect(room.bytes).toBe(700);
});

test("leaving twice counts once", () => {
  const room = new Room(() => small);
  const one = call("a", "batch", 10);
  room.enter(one);
  expect([room.leave(one), room.leave(one), room.size, room.bytes]).toEqual([true, false, 0, 0]);
});
