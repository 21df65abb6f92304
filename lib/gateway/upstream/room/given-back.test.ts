import { expect, test } from "vitest";
import { GivenBack } from "./given-back";

const MINUTE_MS = 60_000;
const look = (more: number, nowMs: number, givesBack = false, tookMs = 0) => ({
  counter: "c",
  more,
  limit: 1000,
  tookMs,
  nowMs,
  figure: { dimension: "total_tokens" as const, windowMs: MINUTE_MS, givesBack },
});

test("ten answers in a row that show more room than we count say that unused tokens are given back", () => {
  const seen = new GivenBack();
  const nine = Array.from({ length: 9 }, (_, at) => seen.look(look(-100, at)));
  expect(nine.every((one) => one === null)).toBe(true);
  // One answer that matches our count: the visible room was that of calls in flight.
  expect(seen.look(look(0, 10))).toBeNull();
  for (let at = 11; at < 20; at++) expect(seen.look(look(-100, at))).toBeNull();
  expect(seen.look(look(-100, 20))).toBe(true);
});

test("an answer that shows less room ends it, but not within a minute; what leaked meanwhile shows nothing", () => {
  const seen = new GivenBack();
  for (let at = 0; at < 9; at++) seen.look(look(-100, at));
  expect(seen.look(look(-100, 9))).toBe(true);
  expect(seen.look(look(100, 10, true))).toBeNull();
  expect(seen.look(look(100, 10 + MINUTE_MS, true))).toBe(false);
  for (let at = 0; at < 20; at++) expect(seen.look(look(-500, 3 * MINUTE_MS + at, false, MINUTE_MS))).toBeNull();
});

test("requests are counted one by one: nothing of them is given back", () => {
  const seen = new GivenBack();
  const figure = { dimension: "requests" as const, windowMs: MINUTE_MS, givesBack: false };
  for (let at = 0; at < 20; at++) expect(seen.look({ ...look(-100, at), figure })).toBeNull();
});
