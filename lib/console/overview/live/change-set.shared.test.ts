import { expect, test } from "vitest";
import fc from "@/lib/fuzz/properties.suite";
import { type ChangeSet, changed, type Json } from "./change-set.shared";
import { changesOf } from "./changes-of";

const leaf = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom("a", "b"), fc.constant(null), fc.boolean());
const row = fc.record({ slug: fc.constantFrom("x", "y", "z", "w"), used: fc.integer({ min: 0, max: 2 }) });
const json: fc.Arbitrary<Json> = fc.letrec<{ node: Json }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.uniqueArray(row, { selector: ({ slug }) => slug, maxLength: 4 }),
    fc.array(row, { maxLength: 3 }),
    fc.array(fc.record({ requestId: fc.constantFrom("r", "s"), used: leaf }), { maxLength: 3 }),
    fc.array(leaf, { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("p", "q", "r"), tie("node"), { maxKeys: 3, noNullPrototype: true }),
  ),
})).node;

test("whatever changes, the changes on top of what was are what is", () => {
  fc.assert(
    fc.property(json, json, (before, after) => {
      const changes = changesOf(before, after);
      if (changes === null) {
        expect(after).toEqual(before);
        return;
      }
      const arrived: ChangeSet = JSON.parse(JSON.stringify(changes));
      expect(changed(before, arrived)).toEqual(after);
    }),
    { numRuns: 2000 },
  );
});

test("nothing is sent for what stays: a row that changes brings its changed figure and no other", () => {
  const before = {
    at: "1",
    tenants: [
      { slug: "a", used: 1, left: 9 },
      { slug: "b", used: 2, left: 8 },
    ],
  };
  const after = {
    at: "1",
    tenants: [
      { slug: "a", used: 1, left: 9 },
      { slug: "b", used: 3, left: 8 },
    ],
  };
  expect(changesOf(before, after)).toEqual({ of: { tenants: { rows: { b: { of: { used: { set: 3 } } } } } } });
  expect(changesOf(after, { ...after })).toBeNull();
});

test("an hour that moves on by a minute brings that minute, and that the others stay together", () => {
  const point = (minute: number) => ({ minute: `m${minute}`, calls: minute });
  const hour = (from: number) => Array.from({ length: 4 }, (_, index) => point(from + index));
  expect(changesOf(hour(0), hour(1))).toEqual({ rows: { m4: { set: point(4) } }, runs: [[1, 3], "m4"] });
});

test("rows without names are compared by their places", () => {
  const before = [
    { name: "per-minute", layer: "tenant", used: 1, resetSeconds: 20 },
    { name: "per-minute", layer: "user", used: 2, resetSeconds: 20 },
  ];
  const after = before.map((row) => ({ ...row, resetSeconds: 19 }));
  const change = { of: { resetSeconds: { set: 19 } } };
  expect(changesOf(before, after)).toEqual({ items: { 0: change, 1: change } });
});
