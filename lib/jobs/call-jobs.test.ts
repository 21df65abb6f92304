import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MINUTE_MS, SECOND_MS } from "@/lib/clock";
import { makeLog } from "@/lib/log";
import { callJobs } from "./call-jobs";
import { startJobs } from "./run-jobs";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const others = async () => undefined;

async function started(billBatches: () => Promise<void>) {
  const ended: string[] = [];
  const rest = { reap: others, beat: others, keepStore: others, shareTokenHistory: others, sharePlaces: others };
  const stop = await startJobs(callJobs({ ...rest, billBatches }), {
    log: makeLog("silent"),
    ended: (name, outcome) => {
      if (name === "bill-batches") ended.push(outcome);
    },
  });
  return { ended, stop };
}

test("batches are looked for every five seconds, also after a look that failed", async () => {
  let looks = 0;
  const { ended, stop } = await started(async () => {
    looks += 1;
    if (looks === 2) throw new Error("the database is away");
  });
  await vi.advanceTimersByTimeAsync(5 * SECOND_MS - 1);
  expect(looks).toBe(0);
  await vi.advanceTimersByTimeAsync(1);
  expect(looks).toBe(1);
  await vi.advanceTimersByTimeAsync(10 * SECOND_MS);
  expect([looks, ended]).toEqual([3, ["done", "failed", "done"]]);
  stop();
  await vi.advanceTimersByTimeAsync(MINUTE_MS);
  expect(looks).toBe(3);
});

test("a look that hangs is given up after five minutes, and until then there is no other", async () => {
  let looks = 0;
  const { ended, stop } = await started(() => {
    looks += 1;
    return looks === 1 ? new Promise(() => undefined) : Promise.resolve();
  });
  await vi.advanceTimersByTimeAsync(5 * MINUTE_MS);
  expect([looks, ended]).toEqual([1, []]);
  await vi.advanceTimersByTimeAsync(10 * SECOND_MS);
  expect([looks > 1, ended[0]]).toEqual([true, "timeout"]);
  stop();
});
