import { expect, test } from "vitest";
import type { DraftLimit } from "../observed-draft.shared";
import { changedCells, compareLimits, countChanges, undoneCell, withRestored } from "./limit-cells.shared";

const limit = (id: string, more: Partial<DraftLimit> = {}): DraftLimit & { id: string } => ({
  ...{ id, name: `limit-${id}`, layer: "tenant", dimension: "requests", algorithm: "token_bucket" },
  ...{ capacity: 60, refill: null, windowSeconds: 60, calendarPeriod: null, timeZone: null, burstCredit: null },
  ...{ match: {}, onExceed: "refuse", observe: false, failureMode: "local" },
  ...more,
});
const [a, b, c] = [limit("a"), limit("b"), limit("c")];
const calendar = {
  ...{ algorithm: "calendar_window", windowSeconds: null, calendarPeriod: "day" },
} satisfies Partial<DraftLimit>;
const leases = {
  ...{ dimension: "concurrency", algorithm: "concurrency", windowSeconds: null },
} satisfies Partial<DraftLimit>;

test("a draft's rows say which limit is the same, changed, added and removed, and which cells of it changed", () => {
  const { id: _id, ...added } = limit("d");
  const draft = [limit("a", { capacity: 90, failureMode: "open" }), added, c];
  const rows = compareLimits([a, b, c], draft);
  expect(rows.map((row) => [row.state, (row.limit ?? row.was).name])).toEqual([
    ["changed", "limit-a"],
    ["removed", "limit-b"],
    ["added", "limit-d"],
    ["same", "limit-c"],
  ]);
  expect(changedCells(a, limit("a", { capacity: 90, failureMode: "open" }))).toEqual(["capacity", "failureMode"]);
  expect(countChanges(rows, [a, b, c])).toBe(4);
  expect(rows[0]?.was).toBe(a);
});

test.each<[string, Partial<DraftLimit>, string[]]>([
  ["nothing", {}, []],
  ["a deleted number", { capacity: Number.NaN }, ["capacity"]],
  ["a deleted number where none was", { refill: Number.NaN }, ["refill"]],
  ["a window that becomes a period is one cell", calendar, ["window", "algorithm"]],
  ["the zone of a period", { timeZone: "Europe/Berlin" }, ["window"]],
  ["the calls that it counts", { match: { model: "gpt-*" } }, ["match"]],
  ["calls that are not named", { match: { model: undefined } }, []],
  [
    "all else",
    { layer: "user", observe: true, burstCredit: 5, onExceed: "queue" },
    [...["layer", "observe", "burstCredit", "onExceed"]],
  ],
])("changed cells: %s", (_, change, cells) => {
  expect(changedCells(a, limit("a", change))).toEqual(cells);
});

test("the members of a match have no order", () => {
  const was = limit("a", { match: { model: "m", priority: "batch" } });
  expect(changedCells(was, limit("a", { match: { priority: "batch", model: "m" } }))).toEqual([]);
});

test("a restored limit without an id is the one of its name, and another order is one change", () => {
  const { id: _id, ...restored } = limit("a", { capacity: 5 });
  expect(compareLimits([a], [restored])).toMatchObject([{ state: "changed", was: a }]);
  expect(countChanges(compareLimits([a, b], [b, a]), [a, b])).toBe(1);
  expect(countChanges(compareLimits([a, b], [a, b]), [a, b])).toBe(0);
});

test("removed limits keep their places, also when all are removed, and one that is kept again is no change", () => {
  const published = [a, b, c];
  expect(compareLimits(published, []).map(({ was }) => was?.name)).toEqual(["limit-a", "limit-b", "limit-c"]);
  const rows = compareLimits(published, [c]);
  const again = withRestored(rows, b);
  expect(again).toEqual([b, c]);
  expect(withRestored(compareLimits(published, again), a)).toEqual(published);
});

test("one undone cell leaves the other changes", () => {
  const draft = limit("a", { capacity: 90, observe: true });
  expect(undoneCell(draft, a, "capacity")).toEqual(limit("a", { observe: true }));
});

test.each<[string, Partial<DraftLimit>, Partial<DraftLimit>, "algorithm" | "window" | "dimension" | "refill"]>([
  ["an algorithm brings its window back", {}, calendar, "algorithm"],
  ["a window brings its algorithm back", {}, calendar, "window"],
  ["a refill brings its algorithm back", { refill: 5 }, calendar, "refill"],
  ["a dimension brings its algorithm back", {}, leases, "dimension"],
  ["concurrency brings its algorithm back", leases, {}, "dimension"],
  ["an algorithm brings concurrency back", leases, {}, "algorithm"],
])("what is undone fits the rest: %s", (_, published, draft, cell) => {
  const was = limit("a", published);
  expect(undoneCell(limit("a", { ...draft, capacity: 7 }), was, cell)).toEqual({ ...was, capacity: 7 });
});
