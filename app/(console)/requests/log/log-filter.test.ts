import { expect, test } from "vitest";
import { newView } from "@/lib/console/requests/saved-views";
import {
  bucketSecondsOf,
  facetsPath,
  firstLogReads,
  type LogPlace,
  linesPath,
  narrowedTo,
  queryOf,
  viewOf,
} from "./log-filter";

const NOW = Date.UTC(2026, 0, 2);
const place: LogPlace = {
  kind: null,
  tenant: "acme",
  model: null,
  outcome: null,
  limitName: null,
  endpoint: null,
  key: null,
  feature: null,
  address: null,
  session: null,
  agent: null,
  tag: null,
  user: "",
  from: null,
  to: null,
  month: null,
  range: "1h",
};

test("a relative range counts from now, an absolute one holds, and what is not asked for is left out", () => {
  expect(queryOf(place, NOW)).toEqual({ tenant: "acme", from: "2026-01-01T23:00:00.000Z" });
  expect(queryOf(place, NOW + 59_999)).toEqual(queryOf(place, NOW));
  const tuesday = { ...place, from: "2026-01-01T14:00:00Z", to: "2026-01-01T15:00:00Z" };
  const hour = { tenant: "acme", from: "2026-01-01T14:00:00.000Z", to: "2026-01-01T15:00:00.000Z" };
  expect(queryOf(tuesday, NOW)).toEqual(hour);
  const month = { tenant: "acme", from: "2025-12-01T00:00:00.000Z", to: "2026-01-01T00:00:00.000Z" };
  expect(queryOf({ ...place, month: "2025-12" }, NOW)).toEqual(month);
  expect(queryOf({ ...place, range: "all" }, NOW)).toEqual({ tenant: "acme" });
});

test.each([
  [{ range: "15m" as const }, 60],
  [{ range: "24h" as const }, 1800],
  [{ range: "7d" as const }, 10_800],
  [{ from: "2026-01-01T23:30:00Z" }, 60],
  [{ from: "2025-01-01T00:00:00Z" }, 86_400],
])("bars of %j are %i s wide", (change, seconds) => {
  expect(bucketSecondsOf({ ...place, ...change }, NOW)).toBe(seconds);
});

test("a saved view keeps every filter and not the place in the list, in a form that the API takes", () => {
  const address = new URLSearchParams({ tenant: "acme", user: "ada b+c?", after: "req_0123456789ab", range: "1h" });
  const query = viewOf(address);
  expect([...new URLSearchParams(query)]).toEqual([
    ["tenant", "acme"],
    ["user", "ada b+c?"],
    ["range", "1h"],
  ]);
  expect(newView.parse({ name: "mine", query })).toEqual({ name: "mine", query });
  expect(newView.safeParse({ name: "mine", query: "?tenant=acme" }).success).toBe(false);
  expect(newView.safeParse({ name: "mine", query: "a#b" }).success).toBe(false);
});

test("a line of the sums leads to its own calls: what a tenant names is narrowed to that tenant", () => {
  expect(narrowedTo("session", { tenant: "acme", value: "run-1" })).toEqual({ tenant: "acme", session: "run-1" });
  expect(narrowedTo("tenant", { tenant: "acme", value: "acme" })).toEqual({ tenant: "acme" });
  expect(narrowedTo("model", { tenant: null, value: "sim-large" })).toEqual({ model: "sim-large" });
});

test("the reads that come with the page are those that its parts ask", () => {
  const own = { ...place, user: null };
  const lines = linesPath(own, NOW, { size: "50", have: "" });
  expect(firstLogReads({ tenant: "acme", range: "1h" }, NOW)).toEqual([facetsPath(own, NOW), lines]);
  const [, sums] = firstLogReads({ group: "key", model: ["a", "b"] }, NOW);
  expect(sums).toBe("requests/sums?from=2026-01-01T00%3A00%3A00.000Z&by=key&order=cost");
});
