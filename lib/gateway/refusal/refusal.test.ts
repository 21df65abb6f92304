import { describe, expect, test } from "vitest";
import { DAY_MS } from "@/lib/clock";
import type { CheckState } from "@/lib/limits/decide";
import type { Dimension } from "@/lib/limits/rules/dimensions";
import type { Layer } from "@/lib/limits/rules/layers";
import type { Rule } from "@/lib/limits/rules/rule";
import { NEVER } from "@/lib/limits/slot";
import { brakeRefusal, refusalOf } from "./refusal";

const NOW = Date.parse("2026-11-21T12:00:00Z");
const perMinute = (capacity: number): Rule => ({
  algorithm: "token_bucket",
  capacity,
  refill: capacity,
  periodMs: 60_000,
  credit: 0,
  bounds: null,
});
const perDay = (capacity: number): Rule => ({
  algorithm: "calendar_window",
  capacity,
  refill: capacity,
  periodMs: 0,
  credit: 0,
  bounds: { startMs: NOW - DAY_MS / 2, endMs: NOW + DAY_MS / 2, nextEndMs: NOW + 1.5 * DAY_MS },
});

function state(dimension: Dimension, rule: Rule, used: number, cost: number, waitMs: number): CheckState {
  const check = {
    limitId: "l",
    layer: "tenant" as const,
    dimension,
    subject: "s",
    slotId: "x",
    counter: "s#x",
    rule,
    cost,
    observe: false,
  };
  return { check, level: used, used, credit: 0, remaining: Math.max(0, rule.capacity - used), waitMs, resetMs: waitMs };
}

function refuse(one: CheckState, random = 0) {
  const denied = {
    kind: "deny" as const,
    now: NOW,
    planIndex: 0,
    retryAfterMs: one.waitMs,
    toldMs: one.waitMs,
    states: [one],
  };
  return refusalOf(
    denied,
    () => random,
    () => "tokens-per-minute",
  );
}

test("a limit that all tenants share says that it refuses and for how long, and none of its numbers", () => {
  const counted = (layer: Layer, subject: string) => (one: CheckState) => ({
    ...one,
    check: { ...one.check, layer, subject },
  });
  const overAll = [counted("global", "global"), counted("provider", "provider:p"), counted("model", "model:m")];
  const spent = state("cost_micro_usd", perDay(987_654_321), 987_654_000, 500, 3_600_000);
  const calls = state("requests", perMinute(7777), 7777, 1, 5000);
  const running = state("concurrency", { ...perMinute(4321), algorithm: "concurrency" }, 4321, 1, 1000);
  const large = state("total_tokens", perMinute(6543), 0, 7000, NEVER);
  const refusals = [spent, calls, running, large].flatMap((one) => overAll.map((of) => refuse(of(one))));
  for (const refusal of refusals)
    expect(JSON.stringify([refusal, refusal.fields])).not.toMatch(/987|7,?777|4,?321|6,?543|used":|remaining|"limit":/);
  expect(refusals.map(({ message }) => message)).toContain(
    'You exceeded your quota "tokens-per-minute" (global): It is shared by all tenants, who have used it up. It will reset at 2026-11-21T13:00:00.000Z.',
  );
  expect(refusals[3]?.fields).toMatchObject({ retry_after_seconds: 5, asked: 1, layer: "global" });
  // A tenant's own limit of a model, and the caller's address, keep theirs.
  expect(refuse(counted("model", "t:acme:model:m")(calls)).fields).toMatchObject({ limit: 7777, used: 7777 });
  expect(refuse(counted("ip", "ip:1")(calls)).fields).toMatchObject({ limit: 7777, remaining: 0 });
});

test("a leaky bucket says that it is not empty yet, not that some of it was used", () => {
  const leaky: Rule = { ...perMinute(5), algorithm: "leaky_bucket" };
  expect(refuse(state("requests", leaky, 1, 1, 12_000)).message).toBe(
    'Request limit exceeded. Still draining: 1 request. The next call passes when nothing is left. This call needs 1 request. Please try again in 12s. Limit: "tokens-per-minute" (tenant).',
  );
});

test("a token limit is reported in common words", () => {
  const refusal = refuse(state("total_tokens", perMinute(100_000), 95_000, 7000, 1200));
  expect(refusal.message).toBe(
    'Token limit exceeded. 95,000 of 100,000 tokens used this minute. This call needs 7,000 tokens. Please try again in 2s. Limit: "tokens-per-minute" (tenant).',
  );
  expect(refusal).toMatchObject({ code: "rate_limit_exceeded", type: "tokens" });
  expect(refusal.fields).toMatchObject({
    layer: "tenant",
    dimension: "total_tokens",
    limit: 100_000,
    remaining: 5000,
    asked: 7000,
    retry_after_seconds: 1.2,
    reset_at: "2026-11-21T12:00:01.200Z",
  });
});

describe("retry advice of a refusal for SDKs", () => {
  test("a short wait: whole seconds rounded up, exact milliseconds with jitter on top, never below the truth", () => {
    const one = state("requests", perMinute(60), 60, 1, 10_000);
    expect(refuse(one).headers).toEqual({ "retry-after": "10", "retry-after-ms": "10000", "x-should-retry": "true" });
    expect(refuse(one, 0.999).headers["retry-after-ms"]).toBe("11998");
    expect(refuse(state("requests", perMinute(60), 60, 1, 1)).headers["retry-after"]).toBe("1");
  });

  test("from a minute on: the true value, no milliseconds, no retry", () => {
    expect(refuse(state("requests", perMinute(60), 60, 1, 59_999)).headers["x-should-retry"]).toBe("true");
    expect(refuse(state("requests", perMinute(60), 60, 1, 60_000)).headers).toEqual({
      "retry-after": "60",
      "x-should-retry": "false",
    });
  });

  test("a used-up budget: insufficient_quota, when it resets, no retry", () => {
    const refusal = refuse(state("cost_micro_usd", perDay(50_000_000), 49_999_000, 5000, DAY_MS / 2));
    expect(refusal).toMatchObject({
      code: "insufficient_quota",
      headers: { "retry-after": "43200", "x-should-retry": "false" },
    });
    expect(refusal.message).toContain("quota");
    expect(refusal.message).toContain("$49.9990 of $50.00 used today.");
    expect(refusal.message).toContain("2026-11-22T00:00:00.000Z");
  });

  test("a cost that can never fit: like a 400, without a wait", () => {
    const refusal = refuse(state("total_tokens", perMinute(1000), 0, 5000, NEVER));
    expect(refusal).toMatchObject({ code: "request_exceeds_limit", headers: { "x-should-retry": "false" } });
    expect(refusal.headers).not.toHaveProperty("retry-after");
    expect(refusal.fields).not.toHaveProperty("retry_after_seconds");
  });
});

test("wording is a contract: clients that read it must not take a short wait for a dead account", () => {
  const forbidden = /billing|credit|quota|will reset at/i;
  for (const dimension of ["requests", "input_tokens", "output_tokens", "total_tokens", "concurrency"] as const) {
    const rule: Rule =
      dimension === "concurrency"
        ? { algorithm: "concurrency", capacity: 2, refill: 2, periodMs: 0, credit: 0, bounds: null }
        : perMinute(10);
    const { message } = refuse(state(dimension, rule, 10, 1, 1000));
    expect(message).not.toMatch(forbidden);
    expect(message).toContain("Please try again in 1s.");
  }
});

test("a brake: under a minute even with jitter, never past its own end, the public note before the reason", () => {
  const brake = {
    id: "b",
    scope: {},
    mode: "block" as const,
    expiresAtMs: NOW + 3_600_000,
    reason: "internal reason",
    publicMessage: "Back soon",
  };
  const far = brakeRefusal(brake, NOW, () => 0.999);
  expect(Number(far.headers["retry-after"])).toBeLessThan(60);
  expect(far.message).toContain("Back soon");
  expect(far.message).not.toContain("internal reason");
  expect(brakeRefusal({ ...brake, expiresAtMs: NOW + 4200 }, NOW, () => 0).headers["retry-after"]).toBe("5");
});

describe("a refusal by several limits", () => {
  const named = (layer: Layer, one: CheckState): CheckState => ({
    ...one,
    check: { ...one.check, layer, limitId: layer },
  });
  const refuseAll = (states: readonly CheckState[], waits: { retryAfterMs: number; toldMs: number }) =>
    refusalOf(
      { kind: "deny", now: NOW, planIndex: 0, ...waits, states },
      () => 0,
      ({ check }) => `of-${check.layer}`,
    );
  const tenant = named("tenant", state("requests", perMinute(10), 10, 1, 6000));
  const user = named("user", state("total_tokens", perMinute(100), 90, 50, 24_000));
  const waits = { retryAfterMs: 24_000, toldMs: 24_000 };

  test("is named after the first in layer order; message and body have the wait and its limit", () => {
    const refusal = refuseAll([tenant, user], waits);
    expect(refusal).toMatchObject({ layer: "tenant", dimension: "requests", limitName: "of-tenant", type: "requests" });
    expect(refusal.message).toBe(
      'Request limit exceeded. 10 of 10 requests used this minute. This call needs 1 request. Please try again in 24s. Limit: "of-tenant" (tenant). The wait comes from the limit "of-user" (user): 24s.',
    );
    expect(refusal.headers["retry-after"]).toBe("24");
    expect(refusal.fields).toMatchObject({
      layer: "tenant",
      limit: 10,
      remaining: 0,
      retry_after_seconds: 24,
      waits_for: "of-user",
      violated_policies: ["tenant.requests", "user.total_tokens"],
      violations: [
        { limit_name: "of-tenant", layer: "tenant", limit: 10, asked: 1, retry_after_seconds: 6 },
        { limit_name: "of-user", layer: "user", limit: 100, used: 90, asked: 50, retry_after_seconds: 24 },
      ],
    });
  });

  test("a limit that the call can never fit is named before limits that need time", () => {
    const never = named("key", state("total_tokens", perMinute(100), 0, 500, NEVER));
    const refusal = refuseAll([tenant, never], { retryAfterMs: NEVER, toldMs: NEVER });
    expect(refusal).toMatchObject({ code: "request_exceeds_limit", layer: "key" });
    expect(refusal.fields).toMatchObject({
      violations: [
        { layer: "tenant", retry_after_seconds: 6 },
        { layer: "key", retry_after_seconds: null },
      ],
    });
  });

  test("a caller that retries early gets the longer wait, its reason and the exact wait", () => {
    const refusal = refuseAll([tenant], { retryAfterMs: 6000, toldMs: 12_000 });
    expect(refusal.message).toContain("Please try again in 12s.");
    expect(refusal.message).toContain("longer because calls came back early; the limits have room in 6s.");
    expect(refusal.headers["retry-after"]).toBe("12");
    expect(refusal.fields).toMatchObject({ retry_after_seconds: 6, early_return_seconds: 6, waits_for: "of-tenant" });
  });
});

test("the advice to request fewer tokens is given only where it helps", () => {
  const textOf = (dimension: Dimension) => refuse(state(dimension, perMinute(5), 0, 8, NEVER)).message;
  expect(textOf("total_tokens")).toMatch(/can never fit\. Request fewer tokens\.$/);
  expect(textOf("cost_micro_usd")).toMatch(/can never fit\. Request fewer tokens\.$/);
  // Its cost class counts as eight requests, however few tokens it asks for.
  expect(textOf("requests")).toMatch(/needs 8 requests.*can never fit\.$/);
});
