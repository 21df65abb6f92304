import { expect, test } from "vitest";
import type { BrakeState } from "@/lib/console/brakes/brake-view";
import { brakesOn } from "./brakes-on";

const brake = (scope: BrakeState["scope"], more: Partial<BrakeState> = {}): BrakeState => ({
  id: "b",
  scope,
  mode: "block",
  reason: "r",
  publicMessage: null,
  createdBy: "a",
  rampFrom: null,
  active: true,
  createdAt: "",
  expiresAt: null,
  liftedAt: null,
  liftedBy: null,
  liftReason: null,
  ...more,
});
const acme = { slug: "acme", tier: "free", keys: ["k1"] };
const on = (one: BrakeState) => {
  const { whole, part } = brakesOn([one], acme);
  return whole.length > 0 ? "whole" : part.length > 0 ? "part" : "none";
};

test.each<[BrakeState["scope"], string]>([
  [{}, "whole"],
  [{ tenant: "acme" }, "whole"],
  [{ tenant: "other" }, "none"],
  [{ tier: "free" }, "whole"],
  [{ tier: "pro" }, "none"],
  [{ tenant: "acme", tier: "pro" }, "none"],
  [{ model: "sim" }, "part"],
  [{ tenant: "acme", model: "sim" }, "part"],
  [{ key: "k1" }, "part"],
  [{ key: "k2" }, "none"],
  [{ priority: "batch" }, "part"],
])("a brake on %j stops %s of the tenant's calls", (scope, what) => {
  expect(on(brake(scope))).toBe(what);
});

test("a brake that observes stops nothing; one that degrades or lets a share in stops a part", () => {
  expect(on(brake({ tenant: "acme" }, { mode: "observe" }))).toBe("none");
  expect(on(brake({ tenant: "acme" }, { mode: "degrade" }))).toBe("part");
  expect(on(brake({ tenant: "acme" }, { rampFrom: "2026-11-21T00:00:00Z" }))).toBe("part");
});
