import { describe, expect, test } from "vitest";
import { PRIORITIES } from "../rules/priority";
import { CEILINGS, ceilingOf } from "./ceiling";
import { AGED_MS, FORGOTTEN_MS, headroomOf } from "./headroom";

const reading = { limit: 60, remaining: 10, atMs: 1_000_000, resetAtMs: null };

describe("how well a credential's headroom is known", () => {
  test("a figure is fresh, aged or unknown; an old one means neither full nor empty", () => {
    const at = (ms: number) => headroomOf(reading, null, reading.atMs + ms).kind;
    expect([at(0), at(AGED_MS - 1), at(AGED_MS), at(FORGOTTEN_MS - 1), at(FORGOTTEN_MS)]).toEqual([
      "fresh",
      "fresh",
      "aged",
      "aged",
      "unknown",
    ]);
    expect(headroomOf({ ...reading, resetAtMs: reading.atMs + 2000 }, null, reading.atMs + 2000).kind).toBe("aged");
    expect(headroomOf(null, null, 0)).toEqual({ kind: "unknown", capacity: null });
  });

  test("the lesser of the operator's figure and the provider's holds; half of what was heard long ago", () => {
    expect(headroomOf(reading, 40, reading.atMs).capacity).toBe(40);
    expect(headroomOf(reading, 100, reading.atMs).capacity).toBe(60);
    expect(headroomOf(reading, 100, reading.atMs + FORGOTTEN_MS).capacity).toBe(30);
    expect(headroomOf(null, 100, 0).capacity).toBe(100);
  });
});

describe("ceilings of each class", () => {
  test("each class may fill less than the more urgent one, and background something of any room", () => {
    expect(PRIORITIES.map((priority) => ceilingOf(100, priority))).toEqual([100, 95, 80, 50]);
    expect(PRIORITIES.map((priority) => ceilingOf(1, priority))).toEqual([1, 1, 1, 1]);
    expect(PRIORITIES.map((priority) => ceilingOf(0, priority))).toEqual([0, 0, 0, 0]);
    expect(CEILINGS.interactive).toBe(1);
  });
});
