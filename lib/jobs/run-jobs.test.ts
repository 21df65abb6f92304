import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { makeLog } from "@/lib/log";
import { type Job, type JobOutcome, startJobs } from "./run-jobs";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const never = () => new Promise<void>(() => undefined);

/** Starts jobs and records their runs and outcomes. */
async function run(...jobs: (Pick<Job, "name" | "run"> & Partial<Job>)[]) {
  const began: string[] = [];
  const ended: [string, JobOutcome][] = [];
  const stop = await startJobs(
    jobs.map((job) => ({
      everyMs: 100,
      timeoutMs: 1000,
      ...job,
      run: () => {
        began.push(job.name);
        return job.run();
      },
    })),
    { log: makeLog("silent"), ended: (name, outcome) => void ended.push([name, outcome]) },
  );
  const times = (name: string) => began.filter((one) => one === name).length;
  return { stop, times, ended };
}

test("a job that hangs delays no other", async () => {
  const { times } = await run({ name: "hangs", run: never }, { name: "works", run: async () => undefined });
  await vi.advanceTimersByTimeAsync(900);
  expect([times("hangs"), times("works")]).toEqual([1, 9]);
});

test("a job that fails, at once or later, is run again and stops no other", async () => {
  const { times, ended } = await run(
    { name: "rejects", run: async () => Promise.reject(new Error("no")) },
    {
      name: "throws",
      run: () => {
        throw new Error("no");
      },
    },
    { name: "works", run: async () => undefined },
  );
  await vi.advanceTimersByTimeAsync(300);
  expect(["rejects", "throws", "works"].map(times)).toEqual([3, 3, 3]);
  expect(ended.slice(0, 3).sort()).toEqual([
    ["rejects", "failed"],
    ["throws", "failed"],
    ["works", "done"],
  ]);
});

test("a run that takes longer than its interval is not overtaken", async () => {
  const { times } = await run({ name: "slow", run: () => new Promise((resolve) => setTimeout(resolve, 250)) });
  await vi.advanceTimersByTimeAsync(340);
  expect(times("slow")).toBe(1);
  await vi.advanceTimersByTimeAsync(100);
  expect(times("slow")).toBe(2);
});

test("a run past its timeout is given up and counted, and the next begins; of those that hang there are three at most", async () => {
  const { times, ended } = await run({ name: "hangs", run: never });
  await vi.advanceTimersByTimeAsync(1200);
  expect(ended).toEqual([["hangs", "timeout"]]);
  expect(times("hangs")).toBe(2);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(times("hangs")).toBe(3);
});

test("a job whose abandoned runs end later goes on", async () => {
  const ends: (() => void)[] = [];
  const { times } = await run({ name: "hangs", run: () => new Promise<void>((resolve) => ends.push(resolve)) });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(times("hangs")).toBe(3);
  for (const end of ends) end();
  await vi.advanceTimersByTimeAsync(200);
  expect(times("hangs")).toBe(4);
});

test("a first run that is awaited is over before the start is; a stopped job runs no more", async () => {
  let isDone = false;
  const first = async () => {
    await Promise.resolve();
    isDone = true;
  };
  const { stop, times } = await run({ name: "first", isFirstAwaited: true, run: first });
  expect(isDone).toBe(true);
  stop();
  await vi.advanceTimersByTimeAsync(1000);
  expect(times("first")).toBe(1);
});
