import { expect, test } from "vitest";
import { type AppliedLimit, plan } from "./plan";
import { NO_AMOUNTS } from "./rules/dimensions";

const limit: AppliedLimit = {
  limitId: "l",
  layer: "tenant",
  dimension: "requests",
  subject: "t",
  slotId: "s",
  counter: "t#s",
  observe: true,
  rule: { algorithm: "token_bucket", capacity: 10, refill: 1, periodMs: 1000, credit: 0, bounds: null },
};

test.each<[string, Partial<AppliedLimit>]>([
  ["as it is", {}],
  ["with a failure mode", { failureMode: "closed" }],
  ["of a part of a counter", { isPart: true }],
  ["of a part, with a failure mode", { isPart: true, failureMode: "open" }],
])("a check has every member of its limit, and the cost: %s", (_name, more) => {
  const { checks } = plan({ candidate: "c", limits: [{ ...limit, ...more }], amounts: { ...NO_AMOUNTS, requests: 2 } });
  expect(checks).toEqual([{ ...limit, ...more, cost: 2 }]);
});
