import { expect, test } from "vitest";
import { compilePolicy, type OwnedLimit } from "./compile";
import { contradictions } from "./contradictions";
import { limitRow } from "./rows/limit-row";

const NOW = 1_795_000_000_000;

function found(limits: readonly Partial<OwnedLimit>[], ofEveryone: readonly Partial<OwnedLimit>[] = []): string[] {
  const rowOf = (limit: Partial<OwnedLimit>, index: number) => ({
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
  });
  const source = {
    version: 1,
    tenant: { id: "t", slug: "t", timeZone: "UTC" },
    tier: { slug: "x" },
    keyFamilyId: null,
    everyone: ofEveryone.map(rowOf),
    ofTier: limits.map(rowOf),
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

test("a limit that counts other tenants' calls too is not covered by a limit of one tenant", () => {
  const tenant = { name: "tenant-calls", capacity: 60 };
  const model = { name: "model-calls", layer: "model", capacity: 600 } as const;
  const address = { name: "address-calls", layer: "ip", capacity: 600 } as const;
  expect(found([tenant, model])).toHaveLength(1);
  expect(found([tenant], [model])).toEqual([]);
  expect(found([tenant, address])).toEqual([]);
  expect(found([{ ...address, name: "tighter", capacity: 60 }], [address])).toEqual([]);
  expect(found([address], [{ ...address, name: "tighter", capacity: 60 }])).toHaveLength(1);
  const platform = { name: "all-calls", layer: "global", capacity: 60 } as const;
  expect(found([address], [platform, { ...model, capacity: 100 }])).toEqual([
    '"model-calls" never binds: "all-calls" covers the same calls and is not larger.',
    '"address-calls" never binds: "all-calls" covers the same calls and is not larger.',
  ]);
});

test("a window covers another only if no boundary of its own lies within that one", () => {
  const outer = { name: "tenant-calls", algorithm: "sliding_window", capacity: 100, windowSeconds: 60 } as const;
  const inner = { ...outer, name: "user-calls", layer: "user" } as const;
  // 100 at 0 s and 100 at 60 s are 200 within 90 s.
  expect(found([outer, { ...inner, capacity: 150, windowSeconds: 90 }])).toEqual([]);
  expect(found([outer, { ...inner, capacity: 200, windowSeconds: 120 }])).toHaveLength(1);
  expect(found([outer, { ...inner, windowSeconds: 7 }])).toHaveLength(1);
  const fixed = { algorithm: "fixed_window" } as const;
  expect(
    found([
      { ...outer, ...fixed },
      { ...inner, ...fixed, windowSeconds: 7 },
    ]),
  ).toEqual([]);
  expect(
    found([
      { ...outer, ...fixed },
      { ...inner, ...fixed, windowSeconds: 6 },
    ]),
  ).toHaveLength(1);
  const daily = { algorithm: "calendar_window", calendarPeriod: "day", windowSeconds: null } as const;
  expect(
    found([
      { ...outer, ...daily },
      { ...inner, ...daily, timeZone: "Asia/Tokyo" },
    ]),
  ).toEqual([]);
  expect(
    found([
      { ...outer, ...daily },
      { ...inner, ...daily },
    ]),
  ).toHaveLength(1);
});
