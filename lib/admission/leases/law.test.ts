import { describe, expect, test } from "vitest";
import fc from "@/lib/fuzz/properties.suite";
import { type Book, grant, known, RENEW_MS, release, SHARE_MS } from "./law";
import { arrived, moved } from "./moves.suite";
import { World } from "./world.suite";

const WINDOW_MS = 60_000;
const step = fc.record({
  kind: fc.constantFrom("spend", "spend", "call", "call", "renew", "renew", "wait", "crash", "fail-over", "leave"),
  holder: fc.nat({ max: 3 }),
  units: fc.integer({ min: 1, max: 60 }),
  gapMs: fc.oneof(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 15_000 })),
});

describe("the law of leased shares", () => {
  test("over-admission is 0 for every interleaving of spending, renewal, expiry, crash and fail-over", () => {
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 10, maxLength: 120 }),
        fc.integer({ min: 1, max: 200 }),
        fc.constantFrom("window", "bucket"),
        (steps, capacity, kind) => {
          const world = new World({ holders: 4, capacity, windowMs: WINDOW_MS, isBucket: kind === "bucket" });
          for (const { kind, holder, units, gapMs } of steps) {
            world.now += gapMs;
            if (kind === "spend") world.spend(holder, units);
            else if (kind === "call") world.call(holder, units);
            else if (kind === "renew") world.renew(holder);
            else if (kind === "crash") world.crash(holder);
            else if (kind === "leave") world.leave(holder);
            else if (kind === "fail-over") world.failOver();
            // An expectation at each of 300,000 steps would take most of the time.
            if (world.over !== 0) expect(world.over).toBe(0);
          }
        },
      ),
      { numRuns: 5000 },
    );
  });

  test("the sum of what may be spent is never above the limit", () => {
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 10, maxLength: 80 }),
        fc.integer({ min: 1, max: 50 }),
        (steps, capacity) => {
          const world = new World({ holders: 4, capacity, windowMs: WINDOW_MS, isBucket: false });
          for (const { kind, holder, units, gapMs } of steps) {
            world.now += gapMs;
            if (kind === "renew") world.renew(holder);
            else if (kind === "crash") world.crash(holder);
            else if (kind === "call") world.call(holder, units);
            else world.spend(holder, units);
            if (!(world.spendable <= capacity)) expect(world.spendable).toBeLessThanOrEqual(capacity);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  test("within ten seconds after all demand has moved, 99 of 100 units are where it is, and little is stranded meanwhile", () => {
    const { lines, strandedAfterMs, usableAfterMs } = moved({ holders: 4, capacity: 1000 });
    process.stdout.write(`${lines.join("\n")}\n`);
    expect(usableAfterMs).toBeLessThanOrEqual(SHARE_MS);
    expect(strandedAfterMs(SHARE_MS)).toBeLessThanOrEqual(0.01);
  });
});

describe("a share grows at once to what its holder needs", () => {
  test("of calls that all fit, none is refused when three processes come to one that has had them all", () => {
    for (const apartMs of [1, 20, 200, 2000]) {
      const input = { holders: 4, capacity: 400, callsEach: 40, apartMs };
      expect([apartMs, arrived(input)]).toEqual([apartMs, { admitted: 160, refused: 0, over: 0 }]);
    }
  });

  test("of a limit that all use up together, every unit is used, and none twice", () => {
    for (const apartMs of [20, 200]) {
      const input = { holders: 4, capacity: 400, callsEach: 40_000 / apartMs, apartMs };
      expect(arrived(input)).toMatchObject({ admitted: 400 - BEFORE, over: 0 });
    }
  });

  test("demand counts by time, not by how often a holder asks", () => {
    const calm = grant(null, { ...ASK, holder: "calm", demand: 100, now: 0 }).book;
    let book: Book = grant(calm, { ...ASK, holder: "busy", demand: 10, now: 0 }).book;
    for (let now = 200; now <= 4 * RENEW_MS; now += 200) {
      if (now % RENEW_MS === 0) book = grant(book, { ...ASK, holder: "calm", demand: 100, now }).book;
      book = grant(book, { ...ASK, holder: "busy", demand: 10, now }).book;
    }
    const { calm: one, busy: other } = book.holdings;
    expect(Math.abs((one?.demand ?? 0) - (other?.demand ?? 0))).toBeLessThan(10);
  });
});

/** Calls of the one holder before the others come. */
const BEFORE = 6;
const ASK = {
  held: 0,
  used: 0,
  demand: 10,
  isShort: false,
  limit: { capacity: 100, drainMs: WINDOW_MS },
  sinceMs: -SHARE_MS,
};

test("a store that begins grants nothing for one share's time, then half of what is free, also to one that comes later", () => {
  const young = { ...ASK, sinceMs: 0 };
  const first = grant(null, { ...young, holder: "a", now: 0 });
  expect(first.units).toBe(0);
  expect(grant(first.book, { ...young, holder: "a", now: SHARE_MS - 1 }).units).toBe(0);
  const open = grant(first.book, { ...young, holder: "a", isShort: true, now: SHARE_MS });
  expect(open.units).toBe(50);
  const idle = grant(open.book, { ...young, holder: "b", demand: 0, now: SHARE_MS + 1 });
  expect(idle.units).toBe(1);
  const comes = grant(open.book, { ...young, holder: "b", demand: 1, isShort: true, now: SHARE_MS + 1 });
  expect(comes.units).toBe(25);
  const later = { ...young, holder: "a", held: 50, demand: 100, now: SHARE_MS + RENEW_MS };
  expect(grant(idle.book, later).units).toBe(75);
});

test("what is in use stays with its holder; of the rest it keeps its part of the demand, and no more than it needs soon", () => {
  const { book } = grant(null, { ...ASK, holder: "a", now: 0 });
  const both = grant(book, { ...ASK, holder: "b", demand: 30, now: 1 }).book;
  const later = { ...ASK, holder: "a", held: 50, now: RENEW_MS };
  expect(grant(both, { ...later, used: 40 }).units).toBe(40 + Math.floor((60 * 0.75 * 10) / 40));
  expect(grant(both, { ...later, demand: 1 }).units).toBeLessThanOrEqual(28);
  expect(grant(both, { ...later, used: 50, demand: 0 }).units).toBeGreaterThanOrEqual(50);
});

test("after a fail-over shares last, and none grows", () => {
  const { book, units } = grant(null, { ...ASK, holder: "a", now: 1 });
  const later = { ...ASK, isShort: true, sinceMs: 2 };
  expect(grant(book, { ...later, holder: "b", now: 3 }).units).toBe(0);
  expect(grant(book, { ...later, holder: "a", held: units, now: 3 }).units).toBe(units);
});

test("a holder that leaves gives back what it does not use; what it used counts until its time has passed", () => {
  const { book } = grant(null, { ...ASK, holder: "a", now: 1 });
  const left = release(book, { ...ASK, holder: "a", held: 50, used: 20, now: 2 });
  expect(grant(left, { ...ASK, holder: "b", now: 3 }).units).toBe(40);
  expect(grant(left, { ...ASK, holder: "b", now: 3 + 2 * WINDOW_MS }).units).toBe(50);
});

test("what the ledger proves counts, and is not counted twice", () => {
  const open: Book = { holdings: {}, spent: [] };
  const once = known(open, { ...ASK, used: 40, now: 1 });
  expect(known(once, { ...ASK, used: 40, now: 2 })).toBe(once);
  expect(grant(once, { ...ASK, holder: "a", now: 3 }).units).toBe(30);
});
