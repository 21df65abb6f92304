import { expect, test } from "vitest";
import { mergeLimits } from "./merge-tier.shared";

const limit = (name: string, capacity: number, more: object = {}) => ({ name, capacity, observe: false, ...more });
const base = [limit("calls", 60), limit("tokens", 1000), limit("money", 5)];

test("what only one of two has changed is taken from that one, field by field", () => {
  const mine = [limit("calls", 90), limit("tokens", 1000), limit("money", 5), limit("mine", 1)];
  const theirs = [limit("calls", 60, { observe: true }), limit("tokens", 2000), limit("theirs", 2)];
  expect(mergeLimits(base, mine, theirs)).toEqual({
    limits: [limit("calls", 90, { observe: true }), limit("tokens", 2000), limit("theirs", 2), limit("mine", 1)],
    conflicts: [],
  });
});

test("a member that both have changed stays theirs and is named; the same change is no conflict", () => {
  const mine = [limit("calls", 90), limit("tokens", 3000), limit("both", 1)];
  const theirs = [limit("calls", 90), limit("tokens", 2000), limit("money", 7), limit("both", 2)];
  expect(mergeLimits(base, mine, theirs)).toEqual({
    limits: [limit("calls", 90), limit("tokens", 2000), limit("money", 7), limit("both", 2)],
    conflicts: ["tokens: capacity", "money: removed here, changed there", "both: capacity"],
  });
});

test("a removal holds when the other left the limit alone, and gives way when not", () => {
  expect(mergeLimits(base, base.slice(1), base).limits).toEqual(base.slice(1));
  const changed = [limit("calls", 61), ...base.slice(1)];
  const theirs = base.slice(1);
  expect(mergeLimits(base, changed, theirs)).toEqual({
    limits: theirs,
    conflicts: ["calls: changed here, removed there"],
  });
});
