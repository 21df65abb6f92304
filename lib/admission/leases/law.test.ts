import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Book, grant, known, RENEW_MS, release, SHARE_MS } from "./law";
import { moved, World } from "./world.suite";

const WINDOW_MS = 60_000;
const step = fc.record({
  kind: fc.constantFrom("spend", "spend", "spend", "spend", "renew", "renew", "wait", "crash", "fail-over", "leave"),
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
            else if (kind === "renew") world.renew(holder);
            else if (kind === "crash") world.crash(holder);
            else if (kind === "leave") world.leave(holder);
            else if (kind === "fail-over") world.failOver();
            expect(world.over).toBe(0);
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
            else world.spend(holder, units);
            expect(world.spendable).toBeLessThanOrEqual(capacity);
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

const ASK = { held: 0, used: 0, demand: 10, limit: { capacity: 100, drainMs: WINDOW_MS }, sinceMs: -SHARE_MS };

test("a store that begins grants nothing for one share's time, then by demand, and to somebody idle what is free", () => {
  const young = { ...ASK, sinceMs: 0 };
  const first = grant(null, { ...young, holder: "a", now: 0 });
  expect(first.units).toBe(0);
  expect(grant(first.book, { ...young, holder: "a", now: SHARE_MS - 1 }).units).toBe(0);
  const open = grant(first.book, { ...young, holder: "a", now: SHARE_MS });
  expect(open.units).toBe(100);
  const idle = grant(open.book, { ...young, holder: "b", demand: 0, now: SHARE_MS + 1 });
  expect(idle.units).toBe(0);
  expect(grant(idle.book, { ...young, holder: "a", held: 100, now: SHARE_MS + RENEW_MS }).units).toBe(100);
});

test("after a fail-over shares last, and none grows", () => {
  const { book } = grant(null, { ...ASK, holder: "a", now: 1 });
  const later = { ...ASK, sinceMs: 2 };
  expect(grant(book, { ...later, holder: "b", now: 3 }).units).toBe(0);
  expect(grant(book, { ...later, holder: "a", held: 100, now: 3 }).units).toBe(100);
});

test("a holder that leaves gives back what it does not use; what it used counts until its time has passed", () => {
  const { book } = grant(null, { ...ASK, holder: "a", now: 1 });
  const left = release(book, { ...ASK, holder: "a", held: 100, used: 30, now: 2 });
  expect(grant(left, { ...ASK, holder: "b", now: 3 }).units).toBe(70);
  expect(grant(left, { ...ASK, holder: "b", now: 3 + 2 * WINDOW_MS }).units).toBe(100);
});

test("what the ledger proves counts, and is not counted twice", () => {
  const open: Book = { holdings: {}, spent: [] };
  const once = known(open, { ...ASK, used: 40, now: 1 });
  expect(known(once, { ...ASK, used: 40, now: 2 })).toBe(once);
  expect(grant(once, { ...ASK, holder: "a", now: 3 }).units).toBe(60);
});
