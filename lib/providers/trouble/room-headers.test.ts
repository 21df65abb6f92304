import { expect, test } from "vitest";
import { DAY_WINDOW_MS, MINUTE_WINDOW_MS, roomIn } from "./room-headers";

const NOW = Date.parse("2026-11-27T12:00:00Z");
const read = (headers: Readonly<Record<string, string>>) => roomIn((name) => headers[name] ?? null, NOW);

test.each<[string, string, string, string, number | null, number]>([
  ["60", "59", "1s", "OpenAI", 1000, MINUTE_WINDOW_MS],
  ["5000", "4999", "12ms", "OpenAI", 12, MINUTE_WINDOW_MS],
  ["60", "0", "1m0s", "OpenAI", 60_000, MINUTE_WINDOW_MS],
  ["60", "30", "30", "bare seconds", 30_000, MINUTE_WINDOW_MS],
  ["14400", "14370", "2m59.56s", "Groq counts requests by the day", 179_560, DAY_WINDOW_MS],
  ["60", "60", "", "nothing used", null, MINUTE_WINDOW_MS],
])("%s, %s left, reset %s: %s", (limit, remaining, reset, _whose, resetMs, windowMs) => {
  const headers = {
    "x-ratelimit-limit-requests": limit,
    "x-ratelimit-remaining-requests": remaining,
    "x-ratelimit-reset-requests": reset,
  };
  expect(read(headers)).toEqual({
    requests: { limit: Number(limit), remaining: Number(remaining), resetMs, windowMs },
  });
});

test("Anthropic's headers, whose resets are times of day in whole seconds", () => {
  const room = read({
    "anthropic-ratelimit-requests-limit": "1000",
    "anthropic-ratelimit-requests-remaining": "999",
    "anthropic-ratelimit-requests-reset": "2026-11-27T12:00:01Z",
    "anthropic-ratelimit-input-tokens-limit": "80000",
    "anthropic-ratelimit-input-tokens-remaining": "40000",
    "anthropic-ratelimit-input-tokens-reset": "2026-11-27T12:00:31Z",
  });
  expect(room.requests).toEqual({ limit: 1000, remaining: 999, resetMs: 0, windowMs: MINUTE_WINDOW_MS });
  expect(room.input_tokens).toEqual({ limit: 80_000, remaining: 40_000, resetMs: 30_000, windowMs: MINUTE_WINDOW_MS });
});

test("what makes no sense is left out", () => {
  const of = (limit: string, remaining: string) =>
    read({ "x-ratelimit-limit-tokens": limit, "x-ratelimit-remaining-tokens": remaining });
  expect([of("-1", "-1"), of("0", "0"), of("10", "11"), of("x", "1"), of("1e9", "1"), read({})]).toEqual(
    Array.from({ length: 6 }, () => ({})),
  );
});
