import { expect, test } from "vitest";
import { DAY_MS } from "@/lib/clock";
import { type Facts, findingsOf, ruleWatch, scopeOf } from "./rules";

const NOW = Date.parse("2026-11-21T12:00:00Z");
const NOTHING: Facts = {
  called: (tenant) => (tenant === "acme" ? "Acme & Co" : tenant),
  passed: [],
  limits: [],
  forecasts: [],
  traffic: [],
  keyTraffic: [],
  upstream: [],
  places: [],
  brakes: [],
  keys: [],
  rotations: [],
  wishes: [],
  lastBrakeAt: NOW,
  isStoreAway: false,
  auditFault: null,
  now: NOW,
};
const found = (watch: object, facts: Partial<Facts>) => findingsOf(ruleWatch.parse(watch), { ...NOTHING, ...facts });
const subjects = (watch: object, facts: Partial<Facts>) => found(watch, facts).map(({ subject }) => subject);

test("a forecast counts when it is near, for the tenant that is meant, and not when there is none", () => {
  const at = (hours: number) => new Date(NOW + hours * 3_600_000).toISOString();
  const forecasts = [
    { tenant: "acme", budget: "soon", exhaustedAt: at(5) },
    { tenant: "acme", budget: "later", exhaustedAt: at(25) },
    { tenant: "other", budget: "theirs", exhaustedAt: at(5) },
    { tenant: null, budget: "never", exhaustedAt: null },
  ];
  expect(subjects({ kind: "forecast" }, { forecasts })).toEqual(["soon", "theirs"]);
  expect(subjects({ kind: "forecast", withinHours: 30, tenant: "acme" }, { forecasts })).toEqual(["soon", "later"]);
  const used = [{ tenant: "acme", budget: "used", exhaustedAt: at(0) }];
  expect(found({ kind: "forecast" }, { forecasts: used })[0]?.title).toBe('Budget "used" is used up');
  expect(found({ kind: "forecast" }, { forecasts })[0]?.title).toBe(
    `Budget "soon" will be used up by ${at(5)} at the last hour's rate`,
  );
});

test("shares are over the minutes that are asked about, and of enough calls", () => {
  const line = (minutesAgo: number, calls: number, failed: number) => [
    { provider: "p", tenant: "acme", minutesAgo, calls: calls / 2, failed: failed / 2 },
    { provider: "p", tenant: "other", minutesAgo, calls: calls / 2, failed: failed / 2 },
  ];
  const upstream = [line(0, 10, 8), line(4, 10, 0), line(9, 1000, 1000)].flat();
  expect(found({ kind: "upstream_errors", percent: 40, minutes: 5 }, { upstream })[0]?.title).toBe(
    "p: 40 % of 20 calls failed in 5 min",
  );
  expect(subjects({ kind: "upstream_errors", percent: 41, minutes: 5 }, { upstream })).toEqual([]);
  expect(subjects({ kind: "upstream_errors", percent: 40, minutes: 5, minCalls: 21 }, { upstream })).toEqual([]);
  expect(subjects({ kind: "upstream_errors", percent: 40, minutes: 5, provider: "q" }, { upstream })).toEqual([]);
  const traffic = [
    { tenant: "acme", minutesAgo: 1, calls: 30, refused: 0, tokens: 0, costMicroUsd: 500 },
    { tenant: "acme", minutesAgo: 1, calls: 0, refused: 10, tokens: 0, costMicroUsd: 0 },
  ];
  expect(subjects({ kind: "refusal_rate", percent: 25 }, { traffic })).toEqual(["acme"]);
  expect(subjects({ kind: "refusal_rate", percent: 26 }, { traffic })).toEqual([]);
  expect(subjects({ kind: "spend_rate", microUsdPerMinute: 100 }, { traffic })).toEqual(["acme"]);
  expect(subjects({ kind: "spend_rate", microUsdPerMinute: 101 }, { traffic })).toEqual([]);
});

test("keys count from so many days before their end until it, drills once they are overdue, the store while it is away", () => {
  const key = (id: string, days: number) => ({ tenant: "acme", id, name: id, expiresAt: NOW + days * DAY_MS });
  const keys = [key("ended", -1), key("near", 13), key("far", 15)];
  expect(subjects({ kind: "key_expiring" }, { keys })).toEqual(["near"]);
  const due = (id: string, days: number) => ({ tenant: "acme", id, name: id, dueAt: NOW + days * DAY_MS });
  const rotations = [due("late", -100), due("soon", 14), due("far", 15)];
  expect(subjects({ kind: "key_rotation" }, { rotations })).toEqual(["late", "soon"]);
  expect(subjects({ kind: "key_rotation", days: 0 }, { rotations })).toEqual(["late"]);
  expect(subjects({ kind: "drill_overdue", days: 30 }, { lastBrakeAt: NOW - 30 * DAY_MS })).toEqual([]);
  expect(subjects({ kind: "drill_overdue", days: 30 }, { lastBrakeAt: NOW - 30 * DAY_MS - 1 })).toEqual(["drill"]);
  expect(subjects({ kind: "drill_overdue" }, { lastBrakeAt: null })).toEqual(["drill"]);
  expect(subjects({ kind: "store_away" }, {})).toEqual([]);
  expect(subjects({ kind: "store_away" }, { isStoreAway: true })).toEqual(["store"]);
  expect(subjects({ kind: "audit_broken" }, {})).toEqual([]);
  expect(subjects({ kind: "audit_broken" }, { auditFault: "row 7 is not what was anchored" })).toEqual(["audit"]);
});

test("a limit counts by what is left of it, a threshold from its percent on, each once and for good", () => {
  const limits = [
    { tenant: "acme", limit: "requests", used: 90, capacity: 100 },
    { tenant: "acme", limit: "tokens", used: 89, capacity: 100 },
    { tenant: "acme", limit: "in debt", used: 300, capacity: 100 },
  ];
  expect(subjects({ kind: "limit_remaining", percent: 10 }, { limits })).toEqual(["acme/requests", "acme/in debt"]);
  const event = (seq: number, percent: number) => ({
    seq,
    percent,
    tenant: "acme",
    budget: "month",
    subject: "",
    action: "alert",
    spentMicroUsd: 5_000_000,
    amountMicroUsd: 10_000_000,
  });
  const passed = [event(1, 50), event(2, 80)];
  expect(found({ kind: "budget_threshold", minPercent: 80 }, { passed })).toMatchObject([
    { subject: "event 2", once: true },
  ]);
  expect(found({ kind: "budget_threshold" }, { passed })[0]?.title).toBe(
    'Budget "month" has passed 50 %: $5.00 of $10.00 (Acme & Co)',
  );
});

test("no tenant alone has a provider stopped for the others; what it meets alone stops its own calls there", () => {
  const line = (tenant: string, calls: number, failed: number) => ({
    provider: "p",
    tenant,
    minutesAgo: 0,
    calls,
    failed,
  });
  const scopes = (...upstream: ReturnType<typeof line>[]) =>
    found({ kind: "upstream_errors", percent: 20 }, { upstream }).map(({ detail }) => scopeOf(detail));
  const ofAcme = { tenant: "acme", provider: "p" };
  expect(scopes(line("acme", 10_000, 10_000))).toEqual([ofAcme]);
  expect(scopes(line("acme", 10_000, 10_000), line("one", 500, 50), line("two", 500, 0))).toEqual([ofAcme]);
  expect(scopes(line("acme", 10_000, 10_000), line("one", 3, 3), line("two", 3, 3))).toEqual([ofAcme]);
  expect(scopes(line("acme", 10_000, 10_000), line("one", 50, 50), line("two", 50, 40))).toEqual([{ provider: "p" }]);
  expect(scopes(line("acme", 15, 15), line("one", 15, 15))).toEqual([{ provider: "p" }]);
  // Nor can a tenant hide a failing provider from the others with calls that it rightly refuses: those are no evidence.
  expect(scopes(line("acme", 100, 0), line("one", 50, 50), line("two", 50, 50))).toEqual([{ provider: "p" }]);
  expect(scopes(line("acme", 19, 19))).toEqual([]);
});

test("three answers of 429 in a row are one alert, for as long as they are not over", () => {
  const place = (limitedInARow: number) => {
    const times = { detail: "status 429, retry after 7 s", untilMs: NOW + 7000 };
    return { provider: "p", model: "m", limitedInARow, ...times };
  };
  expect(subjects({ kind: "upstream_limited" }, { places: [place(2)] })).toEqual([]);
  expect(subjects({ kind: "upstream_limited" }, { places: [place(3)] })).toEqual(["p/m"]);
  expect(subjects({ kind: "upstream_limited" }, { places: [place(40)] })).toEqual(["p/m"]);
  expect(subjects({ kind: "upstream_limited", provider: "q" }, { places: [place(40)] })).toEqual([]);
});

test("above the emergency cap a brake stops the key that uses most, or its tenant; no cap is no rule", () => {
  const used = { minutesAgo: 0, calls: 51, refused: 0, tokens: 5100, costMicroUsd: 510 };
  const facts = { traffic: [{ tenant: "a", ...used }], keyTraffic: [{ tenant: "a", key: "k", ...used }] };
  const watch = { kind: "emergency_cap", callsPerMinute: 50 };
  expect(scopeOf(found(watch, facts)[0]?.detail ?? {})).toEqual({ tenant: "a", key: "k" });
  expect(scopeOf(found(watch, { traffic: facts.traffic })[0]?.detail ?? {})).toEqual({ tenant: "a" });
  expect(subjects({ ...watch, callsPerMinute: 51 }, facts)).toEqual([]);
  expect(ruleWatch.safeParse({ kind: "emergency_cap" }).success).toBe(false);
});

test("what a key's holder asks for is found until it is done, for the tenant that is meant", () => {
  const one = { id: "wsh_1", tenant: "acme", key: "fam_1", keyName: "batch", wish: "100 more calls a minute" };
  const wishes = [one, { ...one, id: "wsh_2", tenant: "other" }];
  expect(subjects({ kind: "more_asked" }, { wishes })).toEqual(["wsh_1", "wsh_2"]);
  expect(found({ kind: "more_asked", tenant: "acme" }, { wishes })).toMatchObject([
    { title: 'Key "batch" of Acme & Co asks for more: 100 more calls a minute', once: false },
  ]);
});
