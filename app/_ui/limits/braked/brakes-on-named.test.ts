import { expect, test } from "vitest";
import type { BrakeState } from "@/lib/console/brakes/brake-view";
import { brakesOnNamed } from "./brakes-on-named";

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
test.each<[BrakeState["scope"], string, string, string, string]>([
  [{}, "whole", "whole", "whole", "whole"],
  [{ key: "k1" }, "whole", "none", "none", "none"],
  [{ tenant: "acme" }, "whole", "none", "none", "whole"],
  [{ tenant: "acme", user: "ann" }, "none", "none", "none", "whole"],
  [{ tenant: "other" }, "none", "none", "none", "none"],
  [{ key: "k1", model: "large" }, "part", "part", "none", "none"],
  [{ provider: "p" }, "none", "whole", "whole", "none"],
  [{ provider: "p", endpoint: "chat" }, "none", "none", "part", "none"],
])("of the brake %o, a key, a model, a provider and a user say what stops them", (scope, ...expected) => {
  const named = [
    ["key", { key: "k1", tenant: "acme" }],
    ["model", { model: "large", provider: "p" }],
    ["provider", { provider: "p" }],
    ["user", { user: "ann", tenant: "acme" }],
  ] as const;
  const seen = named.map(([kind, of]) => {
    const { whole, part } = brakesOnNamed([brake(scope)], kind, of);
    return whole.length > 0 ? "whole" : part.length > 0 ? "part" : "none";
  });
  expect(seen).toEqual(expected);
});
