import { describe, expect, test } from "vitest";
import type { PastRow } from "@/db/queries/books/past-rows";
import type { Layer } from "@/lib/limits/rules/layers";
import { compilePolicy } from "@/lib/policy/compile";
import { limitRow } from "@/lib/policy/rows/limit-row";
import { PastCalls } from "./past-calls";

const CALLS = 50_000;
const T0 = Date.parse("2026-11-21T12:00:00Z");

/** One call of one key, with an address that no other has. */
function row(at: number, { user = "u1", endpoint = "chat" } = {}): PastRow {
  const address = `10.${(at >> 16) & 255}.${(at >> 8) & 255}.${at & 255}`;
  const use = [10, 10, 10, 10, 100, 1, 1] as const;
  return [
    T0 + at,
    T0 + at + 5,
    "t1",
    "k1",
    user,
    null,
    endpoint,
    "m1",
    "p1",
    address,
    ...use,
    "normal",
    1,
    0,
    null,
    null,
    null,
  ];
}

function past(layer: Layer, rows: readonly PastRow[]): PastCalls {
  const defaults = { name: "requests", dimension: "requests", algorithm: "token_bucket", windowSeconds: 60 };
  const limit = { id: "l1", ...limitRow.parse({ ...defaults, layer, capacity: 10 }) };
  const tenant = { id: "t1", slug: "acme", timeZone: "UTC" };
  const none = { everyone: [], ofKey: [], overrides: [], budgets: [] };
  const compiled = compilePolicy(
    { version: 1, tenant, tier: { slug: "free" }, keyFamilyId: "k1", ofTier: [limit], ...none },
    T0,
  );
  if (compiled.kind === "faults") throw new Error(compiled.faults.join("; "));
  const known = { digestSecret: "0".repeat(64), policy: { snapshot: { models: new Map() } } };
  return new PastCalls(known, rows, () => compiled.policy);
}

describe("limits of past calls", () => {
  test("addresses do not tell calls apart where no limit looks at them", () => {
    const rows = Array.from({ length: CALLS }, (_, at) => row(at));
    const calls = past("tenant", rows);
    expect(new Set(rows.map((_, at) => calls.limitsOf(at))).size).toBe(1);
  });

  test.each([
    ["ip", [row(1), row(2)]],
    ["user", [row(1), row(2, { user: "u2" })]],
    ["endpoint", [row(1), row(2, { endpoint: "messages" })]],
  ] as const)("a limit of %s has a counter for each", (layer, rows) => {
    const calls = past(layer, rows);
    const counters = rows.map((_, at) => calls.limitsOf(at).map(({ counter }) => counter));
    expect(counters.map(({ length }) => length)).toEqual([1, 1]);
    expect(counters[0]).not.toEqual(counters[1]);
  });

  test("more calls than it remembers still get counters of their own", () => {
    const calls = past(
      "ip",
      Array.from({ length: CALLS }, (_, at) => row(at)),
    );
    const counters = new Set(Array.from({ length: CALLS }, (_, at) => calls.limitsOf(at)[0]?.counter));
    expect(counters.size).toBe(CALLS);
    expect(calls.limitsOf(0)).toEqual(calls.limitsOf(0));
  });
});
