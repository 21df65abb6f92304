import { expect, test } from "vitest";
import { compilePolicy, type OwnedLimit } from "./compile";
import { contradictions } from "./contradictions";
import { limitRow } from "./rows/limit-row";

const NOW = 1_795_000_000_000;

function found(limits: readonly Partial<OwnedLimit>[]): string[] {
  const rows = limits.map((limit, index) => ({
    id: String(index),
    ...limitRow.parse({
      name: `l${index}`,
      layer: "tenant",
      dimension: "requests",
      algorithm: "token_bucket",
      capacity: 60,
      refill: null,
      windowSeconds: 60,
      calendarPeriod: null,
      timeZone: null,
      burstCredit: null,
      match: {},
      onExceed: "refuse",
      observe: false,
      failureMode: "local",
      ...limit,
    }),
  }));
  const source = {
    version: 1,
    tenant: { id: "t", slug: "t", timeZone: "UTC" },
    tier: { slug: "x" },
    keyFamilyId: null,
    everyone: [],
    ofTier: rows,
    ofKey: [],
    overrides: [],
    budgets: [],
  };
  const compiled = compilePolicy(source, NOW);
  return compiled.kind === "policy" ? contradictions(compiled.policy.limits) : [...compiled.faults];
}

test("a user's limit as large as its tenant's never binds; a smaller one does, and so does one of something else", () => {
  const tenant = { name: "tenant-calls", capacity: 60 };
  const user = { name: "user-calls", layer: "user" as const };
  expect(found([tenant, { ...user, capacity: 60 }])).toEqual([
    '"user-calls" never binds: "tenant-calls" covers the same calls and is not larger.',
  ]);
  expect(found([tenant, { ...user, capacity: 59 }])).toEqual([]);
  expect(found([tenant, { ...user, capacity: 600, dimension: "total_tokens" }])).toEqual([]);
  expect(found([tenant, { ...user, capacity: 600, observe: true }])).toEqual([]);
  expect(
    found([
      { ...tenant, match: { model: "gpt-*" } },
      { ...user, capacity: 600 },
    ]),
  ).toEqual([]);
});

test("a slower refill or a longer window binds by itself", () => {
  const tenant = { name: "tenant-calls", capacity: 60 };
  expect(found([tenant, { name: "user-calls", layer: "user", capacity: 60, refill: 1 }])).toEqual([]);
  expect(found([tenant, { name: "user-calls", layer: "user", capacity: 100, windowSeconds: 3600 }])).toEqual([]);
});

test("of two equal limits of one layer one is named, and a limit of 0 refuses everything", () => {
  expect(found([{ name: "a" }, { name: "b" }])).toEqual([
    '"b" never binds: "a" covers the same calls and is not larger.',
  ]);
  const never = { algorithm: "calendar_window", windowSeconds: null, calendarPeriod: "day", capacity: 0 } as const;
  expect(found([{ name: "a", ...never }])).toEqual(['"a" is 0: it refuses every call that it is about.']);
});
