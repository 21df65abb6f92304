import { expect, test } from "vitest";
import type { Activity } from "@/db/queries/overview/activity";
import { readBrake } from "@/lib/policy/rows/brake-row";
import type { Tenant, Tier } from "@/lib/policy/snapshot/snapshot";
import { mostUrgent } from "./most-urgent";
import { brakedTenants } from "./tenant-lines";
import type { Binding } from "./tenant-watch";

const tier: Tier = {
  id: "tier",
  slug: "free",
  name: "Free",
  version: 1,
  ladder: {},
  keyDaysMax: 90,
  position: 0,
  updatedAt: new Date(0),
};
const tenant = (slug: string): Tenant => ({
  id: slug,
  slug,
  name: slug,
  tierId: "tier",
  timeZone: "UTC",
  status: "active",
  linkVersion: 1,
  featureClasses: {},
  classPermits: {},
  createdAt: new Date(0),
});
const binding = (used: number): Binding => ({
  name: "requests-per-minute",
  dimension: "requests",
  used,
  limit: 100,
  remaining: 100 - used,
  resetAt: null,
  exhaustedAt: null,
  exhaustedPace: null,
});
const activity = (tenantId: string, calls: number, refused: number): Activity => ({
  tenantId,
  calls,
  refused,
  tokens: 0,
  costMicroUsd: calls * 10,
  refusedBy: refused === 0 ? null : "user-requests",
  refusedCode: refused === 0 ? null : "rate_limit_exceeded",
});
const many = Array.from({ length: 100 }, (_, index) => `idle-${index}`);

test("of any number, a bounded list: the stopped one first, then the refused, then by the share used, then by calls", () => {
  const slugs = [...many, "half", "busy", "refused", "stopped", "nearly"];
  const lines = mostUrgent({
    snapshot: { tenants: new Map(slugs.map((slug) => [slug, tenant(slug)])), tiers: new Map([["tier", tier]]) },
    bindings: new Map([...many.map((id) => [id, binding(0)] as const), ["half", binding(50)], ["nearly", binding(97)]]),
    braked: new Map([["stopped", "brk_1"]]),
    active: [activity("busy", 500, 0), activity("refused", 60, 40), activity("half", 10, 0)],
    // Its window began again since: the same call would fit.
    refused: [{ tenantId: "half", layer: "tenant", dimension: "requests", name: "l", asked: 1 }],
    minutes: 5,
  });
  expect(lines.map((line) => line.slug).slice(0, 6)).toEqual([
    "stopped",
    "refused",
    "nearly",
    "half",
    "busy",
    "idle-0",
  ]);
  expect(lines).toHaveLength(25);
  expect(lines[0]?.brakeId).toBe("brk_1");
  // A user's limit refuses while the tenant's own limits are far away: the tenant's line shows it.
  expect(lines[1]).toMatchObject({ refusedShare: 0.4, refusedBy: "user-requests", callsPerMinute: 20, binding: null });
});

test("a tenant is stopped by a brake on all of its calls, not by one on a key, a user or a model of it", () => {
  const at = new Date(1000);
  const brakes = [{}, { user: "ada" }, { key: "k" }, { model: "m" }].map((narrowed, index) => {
    const of = { tenant: `t${index}`, ...narrowed };
    const row = { id: of.tenant, scope: of, mode: "block", reason: "a trial", publicMessage: null, createdBy: "me" };
    const ends = { createdAt: at, expiresAt: null, rampFrom: null, liftedAt: null, liftedBy: null, liftReason: null };
    return readBrake({ ...row, ...ends }).brake;
  });
  const tenants = new Map(["t0", "t1", "t2", "t3"].map((slug) => [slug, tenant(slug)]));
  expect([...brakedTenants({ brakes, tenants }, 2000)]).toEqual([["t0", "t0"]]);
});
