import { expect, test } from "vitest";
import { middleOf } from "./shedder";

test.each([
  { delays: [], middle: 0 },
  { delays: [5000, 5000], middle: 0 },
  { delays: [0, 5000, 0], middle: 0 },
  { delays: [5000, 0, 5000, 0], middle: 0 },
  { delays: [5000, 1000, 5000, 5000], middle: 5000 },
  { delays: [0, 5000, 0, 5000, 10], middle: 10 },
  { delays: [5000, 0, 5000, 0, 5000], middle: 5000 },
])("a process counts as late only when most of five samples are late, also just after its start: $delays", (row) => {
  expect(middleOf(row.delays)).toBe(row.middle);
});
