import { expect, test } from "vitest";
import { type RuleView, ruleInput } from "@/lib/console/alerts/alerts";
import { bodyOf, filledOf, KINDS } from "./rule-fields";

const ruleOf = (watch: object, more: object = {}): RuleView => {
  const { channels, ...rest } = ruleInput.parse({ name: "mine", watch, channels: ["chn_1"], ...more });
  return { ...rest, id: "rul_1", channels, muted: null };
};

test("a rule goes through the form as it is, with the numbers that the form does not show", () => {
  const rules = [
    ruleOf({ kind: "refusal_rate", percent: 40, minutes: 11, minCalls: 7, tenant: "acme" }, { severity: "info" }),
    ruleOf({ kind: "spend_rate", microUsdPerMinute: 2_500_000, minutes: 3 }, { brake: { mode: "cut", minutes: 20 } }),
    ruleOf({ kind: "upstream_errors", provider: "openai", percent: 9 }, { enabled: false }),
    ruleOf({ kind: "emergency_cap", callsPerMinute: 900, microUsdPerMinute: 4_000_000 }),
    ruleOf({ kind: "budget_threshold", minPercent: 80 }),
    ruleOf({ kind: "store_away" }),
  ];
  for (const rule of rules) {
    const { id: _id, muted: _muted, ...input } = rule;
    expect(ruleInput.parse(bodyOf(filledOf(rule, []), rule))).toEqual(input);
  }
});

test("another kind of rule takes nothing of the old one along", () => {
  const rule = ruleOf({ kind: "refusal_rate", percent: 40, minutes: 11, minCalls: 7, tenant: "acme" });
  const filled = { ...filledOf(rule, []), value: "key_expiring", given: null, tenant: null };
  expect(ruleInput.parse(bodyOf(filled, rule)).watch).toEqual({ kind: "key_expiring", days: 14 });
});

test("every kind that can be chosen can be saved as it is offered", () => {
  const everybody = [{ id: "chn_1" }, { id: "chn_2" }];
  for (const { value } of KINDS) {
    const made = ruleInput.parse(bodyOf({ ...filledOf(null, everybody), name: "new", value }, null));
    expect(made).toMatchObject({ enabled: true, channels: ["chn_1", "chn_2"], watch: { kind: value } });
  }
});
