import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { seeded } from "@/lib/fuzz/seeded.suite";
import { playSeed } from "./steps.suite";

/** 200 in CI; SEEDS=10000 at night, SEED=n to replay one. */
const SEEDS = Number(process.env.SEEDS ?? 200);
const FIRST = Number(process.env.SEED ?? 1);
const STEPS = 1000;

beforeAll(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterAll(() => void vi.useRealTimers());

const moveTo = (now: number) => void vi.setSystemTime(now);

test(`${SEEDS} histories of ${STEPS} steps under faults break no invariant`, { timeout: 3_600_000 }, async () => {
  for (let seed = FIRST; seed < FIRST + (process.env.SEED === undefined ? SEEDS : 1); seed++) {
    await playSeed(seeded(seed), STEPS, moveTo).catch((error: unknown) => {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    });
  }
});

test("a seed repeats its history, line by line", async () => {
  const twice = [await playSeed(seeded(7), STEPS, moveTo), await playSeed(seeded(7), STEPS, moveTo)];
  expect(twice[0]).toEqual(twice[1]);
  const kinds = new Set(twice[0]?.map((line) => line.split(": ").at(-1)));
  for (const kind of ["admit", "deny", "away", "answers lost"]) expect(kinds).toContain(kind);
});
