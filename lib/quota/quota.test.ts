import { expect, test } from "vitest";
import type { Origin } from "@/lib/policy/policy";
import { forHolder, type QuotaLine } from "./quota";

function line(name: string, layer: QuotaLine["layer"], origin: Origin): QuotaLine {
  return {
    name,
    layer,
    dimension: "cost_micro_usd",
    algorithm: "fixed_window",
    limit: 5_000_000_000,
    used: 4_000_000_000,
    reserved: 0,
    credit: 0,
    remaining: 1_000_000_000,
    resetSeconds: 60,
    resetAt: "2026-11-27T10:00:00.000Z",
    exhaustedAt: null,
    exhaustedPace: null,
    observe: false,
    failureMode: "local",
    match: {},
    origin,
  };
}

test("the holder of a key sees no counter that tenants share, and no operator's reason", () => {
  const everyone: Origin = { from: "everyone" };
  const budget: Origin = { from: "budget", budget: "platform-month" };
  const override: Origin = { from: "override", pattern: "acme", reason: "they pay late" };
  const limits = [
    line("platform", "global", everyone),
    line("platform-month", "global", budget),
    line("openai-share", "provider", everyone),
    line("gpt-over-all", "model", everyone),
    line("edge", "ip", everyone),
    line("gpt", "model", { from: "tier", tier: "standard" }),
    line("tenant-spend", "tenant", override),
  ];
  const seen = forHolder({ policyVersion: 7, at: "2026-11-27T10:00:00.000Z", limits });
  expect(seen.limits.map(({ name }) => name)).toEqual(["edge", "gpt", "tenant-spend"]);
  expect(JSON.stringify(seen)).not.toContain("they pay late");
  expect(seen).toMatchObject({ policyVersion: 7, limits: [{}, {}, { used: 4_000_000_000, limit: 5_000_000_000 }] });
});
