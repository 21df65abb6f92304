import { expect, test } from "vitest";
import { limitRow } from "@/lib/policy/rows/limit-row";
import { besideNow, type DraftLimit, putInForce } from "./observed-draft.shared";

const limit = (name: string, capacity: number, more: object = {}): DraftLimit => ({
  ...limitRow.parse({
    name,
    layer: "tenant",
    dimension: "requests",
    algorithm: "fixed_window",
    capacity,
    windowSeconds: 60,
  }),
  ...more,
});
const now = [limit("calls", 60, { id: "1" }), limit("tokens", 1000, { id: "2" })];

test("what a draft changes or adds is watched beside what is in force, and nothing else changes", () => {
  const draft = [limit("calls", 30, { id: "1" }), limit("fresh", 5)];
  expect(besideNow(now, draft)).toEqual([
    ...now,
    limit("calls-watched", 30, { observe: true }),
    limit("fresh-watched", 5, { observe: true }),
  ]);
  expect(besideNow(now, now)).toEqual(now);
});

test("once enforced, watched limits replace the limits that they were watched beside", () => {
  const watching = [
    ...now,
    limit("calls-watched", 30, { id: "3", observe: true }),
    limit("fresh-watched", 5, { id: "4", observe: true }),
  ];
  expect(putInForce(watching)).toEqual([limit("calls", 30, { id: "1" }), now[1], limit("fresh", 5)]);
  expect(putInForce(now)).toEqual(now);
});

test("watched again with other numbers, it is the same limit that is watched", () => {
  const watching = [...now, limit("calls-watched", 30, { id: "3", observe: true })];
  const draft = [
    limit("calls", 20, { id: "1" }),
    now[1] ?? limit("", 0),
    limit("calls-watched", 30, { id: "3", observe: true }),
  ];
  expect(besideNow(watching, draft)).toEqual([...now, limit("calls-watched", 20, { id: "3", observe: true })]);
});
