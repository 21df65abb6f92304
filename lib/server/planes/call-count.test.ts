import { expect, test } from "vitest";
import { readEnv } from "@/lib/env";
import { callCount } from "./call-count";

const ofEnv = (env: Record<string, string>, cores: number) => callCount(readEnv(env), cores);
const REDIS = { REDIS_URL: "redis://127.0.0.1:6379" };

test("one process for each core serves calls where they share a store, and no more than the database has connections for", () => {
  expect([1, 2, 7, 8, 128].map((cores) => ofEnv(REDIS, cores))).toEqual([1, 2, 7, 7, 7]);
  expect(ofEnv({ ...REDIS, CALL_PROCESSES: "20" }, 2)).toBe(20);
});

test("one where the counters are in its memory, and more are refused", () => {
  expect([1, 8].map((cores) => ofEnv({}, cores))).toEqual([1, 1]);
  expect(() => ofEnv({ CALL_PROCESSES: "2" }, 8)).toThrow("CALL_PROCESSES");
});

test("calls and console are processes of their own unless PLANES says otherwise", () => {
  expect(readEnv({}).planes).toBe("apart");
  expect(readEnv({ PLANES: "together" }).planes).toBe("together");
});
