import { expect, test } from "vitest";
import { classPermits, costClassOf } from "./cost-class";

const tenant = { featureClasses: { summary: "L" as const, chat: "S" as const }, classPermits: {} };

test.each([
  ["summary", {}, { name: "L", permits: 4, outputTokens: 4096 }],
  ["summary", { L: 10 }, { name: "L", permits: 10, outputTokens: 4096 }],
  ["chat", { L: 10 }, { name: "S", permits: 1, outputTokens: 256 }],
  ["other", {}, null],
  ["constructor", {}, null],
  [null, {}, null],
])("the feature %s with the figures %j is of the class %j", (feature, own, expected) => {
  expect(costClassOf({ ...tenant, classPermits: own }, feature)).toEqual(expected);
});

test("figures are whole requests; what is left out is as usual", () => {
  expect(classPermits.parse({ L: 5 })).toEqual({ S: 1, M: 2, L: 5, XL: 8 });
  for (const wrong of [{ L: 0 }, { L: 1.5 }, { L: 1001 }, { XXL: 1 }])
    expect(classPermits.safeParse(wrong).success).toBe(false);
});
