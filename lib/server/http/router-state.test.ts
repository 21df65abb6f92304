import { expect, test } from "vitest";
import { isRouterState } from "./router-state";

const page = [
  "",
  { children: ["tenants", { children: [["slug", "acme", "d", null], { children: ["__PAGE__", {}] }] }] },
];

test.each([[["", {}]], [page], [["", { children: ["__PAGE__", {}, ["/a", "?b"], "refetch", 3] }, null, null, 1]]])(
  "what Next's client sends is passed on: %j",
  (tree) => {
    expect(isRouterState(encodeURIComponent(JSON.stringify(tree)))).toBe(true);
  },
);

test.each([
  "",
  "%",
  "%5B%22%22%5D",
  "[]",
  "{}",
  "null",
  '["",[]]',
  '["",{"children":[""]}]',
  '["",{},"x"]',
  '[["slug","acme","d"],{}]',
  '[["slug","acme","x",null],{}]',
  `${'["",{"a":'.repeat(1500)}`,
])("what would make it fail is not: %s", (header) => {
  expect(isRouterState(header)).toBe(false);
});
