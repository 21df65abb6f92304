import { expect, test } from "vitest";
import type { Overview } from "./overview";
import { findingsOf } from "./verdict.shared";

type Seen = Parameters<typeof findingsOf>[0];

const QUIET: Seen = {
  at: "2026-11-21T14:30:00Z",
  brakes: [],
  instances: { alive: 2, current: 2, storeAway: 0, storeAwayAt: null },
  openAlerts: { open: 0, critical: 0, oldestAt: null, wishes: 0 },
  tenants: [],
};
const AT = "2026-11-21T14:05:00Z";
const brake = (scope: Overview["brakes"][number]["scope"], createdAt = AT): Overview["brakes"][number] => ({
  id: "b",
  scope,
  mode: "block",
  reason: "r",
  publicMessage: null,
  createdBy: "a",
  rampFrom: null,
  active: true,
  createdAt,
  expiresAt: null,
  liftedAt: null,
  liftedBy: null,
  liftReason: null,
});
const tenant = (name: string, refusedShare: number, refusedPerMinute: number, brakeId: string | null = null) => ({
  slug: name,
  name,
  tier: "t",
  status: "active",
  binding: null,
  callsPerMinute: 100,
  spendPerMinuteMicroUsd: 0,
  refusedShare,
  refusedPerMinute,
  refusedBy: "requests-per-minute",
  refusedSince: AT as string | null,
  isRefusing: false,
  brakeId,
});
const texts = (more: Partial<Seen>) => findingsOf({ ...QUIET, ...more }).map(({ text }) => text);

test("nothing is found while nothing is wrong, and a few refusals are nothing", () => {
  expect(findingsOf(QUIET)).toEqual([]);
  expect(texts({ tenants: [tenant("acme", 0.1, 50)] })).toEqual([]);
});

test("the worst comes first, with since when and where to look", () => {
  const instances = { alive: 2, current: 2, storeAway: 1, storeAwayAt: AT };
  const seen = {
    ...QUIET,
    instances,
    brakes: [brake({ tenant: "x" })],
    openAlerts: { open: 3, critical: 1, oldestAt: "2026-11-21T13:00:00Z", wishes: 0 },
  };
  expect(findingsOf({ ...seen, tenants: [tenant("acme", 0.34, 9), tenant("beta", 0.5, 3)] })).toEqual([
    { level: "critical", text: "The shared store is away for 1 of 2 processes", since: AT, href: "/status" },
    { level: "critical", text: "3 alerts are open, 1 critical", since: "2026-11-21T13:00:00Z", href: "/alerts" },
    { level: "warning", text: "A brake is on", since: AT, href: "/brakes" },
    {
      level: "warning",
      text: "acme: 34 % of calls refused by requests-per-minute; 1 more with refusals",
      since: AT,
      href: "/tenants/acme",
    },
  ]);
});

test("refusals that began before the hour that is looked at have no false beginning", () => {
  const since = "2026-11-21T13:31:00Z";
  expect(findingsOf({ ...QUIET, tenants: [{ ...tenant("acme", 0.5, 9), refusedSince: since }] })).toEqual([
    {
      level: "warning",
      text: "acme: 50 % of calls refused by requests-per-minute for an hour or more",
      since: null,
      href: "/tenants/acme",
    },
  ]);
});

test("a brake on everything is critical; one that observes is nothing; refusals of a braked tenant are the brake's", () => {
  expect(texts({ brakes: [brake({ model: "m" }), brake({})] })).toEqual(["A brake is on for all calls"]);
  expect(texts({ brakes: [{ ...brake({}), mode: "observe" }] })).toEqual([]);
  expect(texts({ tenants: [tenant("acme", 1, 50, "b")] })).toEqual([]);
});
