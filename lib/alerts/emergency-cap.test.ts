import { expect, test } from "vitest";
import { heaviestOver, type KeyMinute, overCap, type TenantMinute } from "./emergency-cap";

const used = (calls: number, minutesAgo = 0) => ({ minutesAgo, calls, tokens: calls * 100, costMicroUsd: calls * 10 });
const tenants: readonly TenantMinute[] = [
  { tenant: "small", ...used(20) },
  { tenant: "big", ...used(90) },
  { tenant: "big", ...used(5, 3) },
];
const keys: readonly KeyMinute[] = [
  { tenant: "small", key: "k_small", ...used(20) },
  { tenant: "big", key: "k_loop", ...used(60) },
  { tenant: "big", key: "k_usual", ...used(30) },
];

test("a cap of requests, tokens or money is passed by all tenants together, in this minute or the last", () => {
  expect(overCap({ callsPerMinute: 110 }, tenants)).toBeNull();
  expect(overCap({ callsPerMinute: 109 }, tenants)).toEqual({ unit: "calls", most: 109, used: 110, minutesAgo: 0 });
  expect(overCap({ tokensPerMinute: 10_999 }, tenants)?.unit).toBe("tokens");
  expect(overCap({ microUsdPerMinute: 1099 }, tenants)?.unit).toBe("costMicroUsd");
  expect(overCap({ callsPerMinute: 4 }, [{ tenant: "a", ...used(5, 1) }])?.minutesAgo).toBe(1);
  expect(overCap({ callsPerMinute: 4 }, [{ tenant: "a", ...used(5, 2) }])).toBeNull();
});

const called = (tenant: string) => (tenant === "big" ? "Big & Co" : tenant);

test("one key is stopped where that is enough, and its tenant where it is not", () => {
  const loop = heaviestOver({ callsPerMinute: 50 }, tenants, keys, called);
  expect(loop).toMatchObject({ subject: "big/k_loop", detail: { tenant: "big", key: "k_loop", used: 110, most: 50 } });
  expect(loop?.title).toContain("the key k_loop of Big & Co used most, 60 calls");
  const whole = heaviestOver({ callsPerMinute: 49 }, tenants, keys, called);
  expect(whole).toMatchObject({ subject: "big", detail: { tenant: "big" } });
  expect(whole?.detail).not.toHaveProperty("key");
  // If a key's usage is not in the books yet, its tenant is stopped.
  expect(heaviestOver({ callsPerMinute: 109 }, tenants, [], called)).toMatchObject({ subject: "big" });
});
