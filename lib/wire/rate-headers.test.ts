import { parseList } from "structured-headers";
import { describe, expect, test } from "vitest";
import fc from "@/lib/fuzz/properties.suite";
import { goDuration, type HeaderLimit, rateHeaders, unifiedHeaders } from "./rate-headers";

test.each([
  [0, "0ms"],
  [12, "12ms"],
  [1500, "1.5s"],
  [1501, "1.6s"],
  [59_950, "1m0s"],
  [60_000, "1m0s"],
  [360_000, "6m0s"],
  [3_725_000, "1h2m5s"],
])("%i ms is written as %s", (ms, text) => {
  expect(goDuration(ms)).toBe(text);
});

const limit = (more: Partial<HeaderLimit>): HeaderLimit => ({
  name: "rpm",
  kind: "requests",
  capacity: 60,
  remaining: 12,
  resetMs: 30_500,
  windowSeconds: 60,
  ...more,
});

test("OpenAI's headers follow the tightest limit of each kind; the IETF fields list all but money", () => {
  const limits = [
    limit({}),
    limit({ name: "rpd", capacity: 1000, remaining: 900, windowSeconds: 86_400 }),
    limit({ name: "tpm", kind: "tokens", capacity: 100_000, remaining: 5000, resetMs: 57_000 }),
    limit({ name: "spend", kind: "money", capacity: 1_000_000, remaining: 1 }),
    limit({ name: "slots", kind: "concurrent-requests", capacity: 10, remaining: 9, resetMs: 0, windowSeconds: null }),
  ];
  expect(rateHeaders(limits, 1_795_000_000_100)).toEqual({
    "x-ratelimit-limit": "60",
    "x-ratelimit-remaining": "12",
    "x-ratelimit-reset": "1795000031",
    "x-ratelimit-limit-requests": "60",
    "x-ratelimit-remaining-requests": "12",
    "x-ratelimit-reset-requests": "30.5s",
    "x-ratelimit-limit-tokens": "100000",
    "x-ratelimit-remaining-tokens": "5000",
    "x-ratelimit-reset-tokens": "57s",
    "ratelimit-policy":
      '"rpm";q=60;w=60, "rpd";q=1000;w=86400, "tpm";q=100000;qu="tokens";w=60, "slots";q=10;qu="concurrent-requests"',
    ratelimit: '"rpm";r=12;t=31, "rpd";r=900;t=31, "tpm";r=5000;t=57, "slots";r=9;t=0',
  });
});

describe("the caller's budget, as Claude Code reads it", () => {
  const NOW = 1_795_000_000_000;
  const budget = (remaining: number, windowSeconds = 86_400): HeaderLimit => ({
    name: "daily money",
    kind: "money",
    capacity: 1000,
    remaining,
    resetMs: 7_200_000,
    windowSeconds,
  });
  const perMinute: HeaderLimit = { ...budget(1, 60), kind: "requests" };

  test.each([
    [600, "allowed", "0.4000", undefined],
    [250, "allowed_warning", "0.7500", "0.75"],
    [51, "allowed_warning", "0.9490", "0.75"],
    [50, "allowed_warning", "0.9500", "0.95"],
    [0, "rejected", "1.0000", "0.95"],
    [-20, "rejected", "1.0000", "0.95"],
  ])("with %i of 1000 left: %s", (remaining, status, used, threshold) => {
    const headers = unifiedHeaders([perMinute, budget(remaining)], NOW);
    expect(headers).toEqual({
      "anthropic-ratelimit-unified-status": status,
      "anthropic-ratelimit-unified-reset": "1795007200",
      "anthropic-ratelimit-unified-representative-claim": "five_hour",
      "anthropic-ratelimit-unified-5h-status": status,
      "anthropic-ratelimit-unified-5h-utilization": used,
      "anthropic-ratelimit-unified-5h-reset": "1795007200",
      ...(threshold === undefined ? {} : { "anthropic-ratelimit-unified-5h-surpassed-threshold": threshold }),
    });
  });

  test("a longer one is the longer of the two that it knows, and what returns within minutes is none", () => {
    const month = unifiedHeaders([budget(100, 30 * 86_400), budget(900)], NOW);
    expect(month["anthropic-ratelimit-unified-7d-utilization"]).toBe("0.9000");
    expect(unifiedHeaders([perMinute], NOW)).toEqual({});
  });
});

test("no limits, no headers", () => {
  expect(rateHeaders([], 0)).toEqual({});
});

test("the IETF fields are lists of structured fields, whatever the limits are called", () => {
  const whole = fc.integer({ min: 0, max: 999_999_999_999_999 });
  const any = fc.record({
    name: fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 20 }),
    kind: fc.constantFrom("requests" as const, "tokens" as const, "concurrent-requests" as const),
    capacity: whole,
    remaining: whole,
    resetMs: whole,
    windowSeconds: fc.option(fc.integer({ min: 1, max: 9_000_000_000_000_000 })),
  });
  fc.assert(
    fc.property(fc.array(any, { minLength: 1, maxLength: 4 }), (limits) => {
      const headers = rateHeaders(limits, 0);
      const policies = parseList(headers["ratelimit-policy"] ?? "").map(([name, more]) => [name, more.get("q")]);
      const states = parseList(headers.ratelimit ?? "").map(([name, more]) => [name, more.get("r")]);
      expect(policies).toEqual(limits.map(({ name, capacity }) => [name, capacity]));
      expect(states).toEqual(limits.map(({ name, remaining }) => [name, remaining]));
    }),
  );
});
