import { describe, expect, test } from "vitest";
import { Breaker } from "./breaker";
import { RetryBudget } from "./retry-budget";
import {
  doorOf,
  LAST_WAY_LIMITED,
  NO_TROUBLE,
  narrower,
  PROBE_MS,
  placeAfter,
  type Trouble,
  type TroubleEvent,
  troubleShape,
} from "./trouble";

const T = 1_000_000;
const limited = (atMs: number, more: Partial<Extract<TroubleEvent, { kind: "limited" | "failing" }>> = {}) =>
  ({ kind: "limited", atMs, sentAtMs: atMs, waitMs: null, detail: "429", roll: 0, ...more }) satisfies TroubleEvent;

describe("a cool-down", () => {
  test("lasts as long as the provider says, and up to a tenth longer", () => {
    expect(placeAfter(NO_TROUBLE, limited(T, { waitMs: 7000 })).closedUntilMs).toBe(T + 7000);
    expect(placeAfter(NO_TROUBLE, limited(T, { waitMs: 7000, roll: 1 })).closedUntilMs).toBe(T + 7700);
  });

  test("a second one extends the first and never shortens it", () => {
    const first = placeAfter(NO_TROUBLE, limited(T, { waitMs: 60_000 }));
    expect(placeAfter(first, limited(T + 10, { waitMs: 1000 })).closedUntilMs).toBe(T + 60_000);
    expect(placeAfter(first, limited(T + 10, { waitMs: 90_000 })).closedUntilMs).toBe(T + 90_010);
    // One from an earlier call, that came back late.
    expect(placeAfter(first, limited(T + 10, { sentAtMs: T - 5, waitMs: 90_000 })).closedUntilMs).toBe(T + 90_010);
  });

  test("closes nothing for calls that have no other way until four in a row say the same", () => {
    let trouble = NO_TROUBLE;
    for (let call = 0; call < LAST_WAY_LIMITED - 1; call++)
      trouble = placeAfter(trouble, limited(T + call, { waitMs: 7000, isLastWay: true }));
    expect([doorOf(trouble, T + 10).kind, trouble.limitedInARow]).toEqual(["open", 3]);
    const served = placeAfter(trouble, { kind: "served", by: "a", atMs: T + 10 });
    expect(served.limitedInARow).toBe(0);
    const fourth = placeAfter(trouble, limited(T + 10, { waitMs: 9000, isLastWay: true }));
    expect(doorOf(fourth, T + 20)).toEqual({ kind: "closed", opensAtMs: T + 9010, why: "limited" });
    // A call with another provider closes it for all at once.
    expect(doorOf(placeAfter(trouble, limited(T + 10, { waitMs: 9000 })), T + 20).kind).toBe("closed");
  });

  test("without a named wait it doubles by rounds, not by the calls that were on the way", () => {
    let trouble = placeAfter(NO_TROUBLE, limited(T));
    for (let call = 0; call < 8; call++) trouble = placeAfter(trouble, limited(T + call, { sentAtMs: T - 50 }));
    expect([trouble.rounds, trouble.limitedInARow]).toEqual([1, 9]);
    expect(trouble.closedUntilMs).toBeLessThan(T + 1100);
    const again = placeAfter(
      placeAfter(trouble, { kind: "probe", by: "a", atMs: T + 2000 }),
      limited(T + 2100, { sentAtMs: T + 2000 }),
    );
    expect([again.rounds, again.closedUntilMs, again.probe]).toEqual([2, T + 4100, null]);
  });

  test("survives a restart with its remaining time: it is plain data", () => {
    const trouble = placeAfter(NO_TROUBLE, limited(T, { waitMs: 60_000 }));
    const read = troubleShape.parse(JSON.parse(JSON.stringify(trouble)));
    expect(doorOf(read, T + 59_999)).toEqual({ kind: "closed", opensAtMs: T + 60_000, why: "limited" });
  });

  test("a call from before that is served meanwhile does not end it", () => {
    const trouble = placeAfter(NO_TROUBLE, limited(T, { waitMs: 5000 }));
    expect(placeAfter(trouble, { kind: "served", by: "old", atMs: T + 100 })).toBe(trouble);
  });

  test("a reset that is hours away is kept as it is, so that nobody is held for it", () => {
    expect(placeAfter(NO_TROUBLE, limited(T, { waitMs: 5 * 3_600_000 })).closedUntilMs).toBe(T + 5 * 3_600_000);
  });
});

describe("the door of a place", () => {
  const closed = placeAfter(NO_TROUBLE, limited(T, { waitMs: 5000 }));

  test("one probe in the fleet finds out whether it is over; the others stay out until then", () => {
    expect(doorOf(closed, T + 4999).kind).toBe("closed");
    expect(doorOf(closed, T + 5000)).toEqual({ kind: "probe" });
    const probed = placeAfter(closed, { kind: "probe", by: "a", atMs: T + 5000 });
    expect(doorOf(probed, T + 5001)).toMatchObject({ kind: "closed", opensAtMs: T + 6001 });
    expect(doorOf(placeAfter(probed, { kind: "served", by: "a", atMs: T + 5100 }), T + 5100)).toEqual({ kind: "open" });
    // The process that probed died.
    expect(doorOf(probed, T + 5000 + PROBE_MS)).toEqual({ kind: "probe" });
  });

  test("a probe whose caller left says nothing, and the next may go a second after it", () => {
    const left = placeAfter(placeAfter(closed, { kind: "probe", by: "a", atMs: T + 5000 }), {
      kind: "unproven",
      by: "a",
    });
    expect(doorOf(left, T + 5500).kind).toBe("closed");
    expect(doorOf(left, T + 6000).kind).toBe("probe");
  });

  test("what an operator reopened is open, until it is closed again", () => {
    expect(doorOf(closed, T + 10, T + 5)).toEqual({ kind: "open" });
    expect(doorOf(placeAfter(closed, limited(T + 20)), T + 21, T + 5).kind).toBe("closed");
  });

  test("a call has to pass the doors of its credential and of its model", () => {
    const open = doorOf(undefined, T);
    const shut = doorOf(closed, T);
    expect(narrower(open, shut)).toBe(shut);
    expect(narrower({ kind: "probe" }, open)).toEqual({ kind: "probe" });
    expect(narrower({ kind: "closed", opensAtMs: T + 9000, why: "failing" }, shut)).toMatchObject({ why: "failing" });
  });
});

describe("the breaker", () => {
  const fail = (breaker: Breaker, tenant: string, times: number) =>
    Array.from({ length: times }, (_, at) => breaker.failed(tenant, T + at)).some(Boolean);

  test("closes after five failures, when at least half of the calls failed", () => {
    expect(fail(new Breaker(), "a", 4)).toBe(false);
    expect(fail(new Breaker(), "a", 5)).toBe(true);
    const mostlyFine = new Breaker();
    for (let call = 0; call < 20; call++) mostlyFine.served("a", T);
    expect(fail(mostlyFine, "a", 5)).toBe(false);
  });

  test("a busy provider that dies is closed after a dozen failures, however many calls it served before", () => {
    const breaker = new Breaker();
    for (let call = 0; call < 300; call++) breaker.served(`t${call % 9}`, T + call * 100);
    const until = Array.from({ length: 30 }, (_, call) => breaker.failed(`t${call % 9}`, T + 30_000 + call));
    expect(until.indexOf(true)).toBeLessThan(12);
  });

  test("nobody alone can have a provider closed for the others", () => {
    const breaker = new Breaker();
    breaker.served("b", T);
    expect(fail(breaker, "a", 50)).toBe(false);
    breaker.failed("b", T + 100);
    expect(breaker.failed("b", T + 101)).toBe(true);
  });

  test("what was long ago does not count", () => {
    const breaker = new Breaker();
    fail(breaker, "a", 4);
    expect(breaker.failed("a", T + 60_000)).toBe(false);
  });
});

test("nine retries for a hundred calls, and ten saved up at most", () => {
  const budget = new RetryBudget();
  const taken = (times: number) => Array.from({ length: times }, () => budget.take()).filter(Boolean).length;
  expect(taken(20)).toBe(10);
  for (let call = 0; call < 200; call++) budget.sent();
  expect(taken(20)).toBe(10);
  for (let call = 0; call < 25; call++) budget.sent();
  expect(taken(20)).toBe(2);
});

test("every event leaves a state that can be read again", () => {
  const events: TroubleEvent[] = [
    limited(T),
    { kind: "served", by: "a", atMs: T },
    { kind: "probe", by: "a", atMs: T },
  ];
  let trouble: Trouble = NO_TROUBLE;
  for (const event of events) {
    trouble = placeAfter(trouble, event);
    expect(troubleShape.parse(trouble)).toEqual(trouble);
  }
});

test("calls that have no other way close a failing place by twenty failures, others by five", () => {
  const breaker = new Breaker();
  const failures = (isLastWay: boolean, most: number) => {
    for (let call = 1; call <= most; call++) if (breaker.failed("t", T, isLastWay)) return call;
    return null;
  };
  expect(failures(true, 30)).toBe(20);
  expect(failures(false, 30)).toBe(5);
});
