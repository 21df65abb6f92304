import { expect, test } from "vitest";
import type { AwayReason } from "@/lib/errors";
import { Evidence } from "./evidence";

/** ms of each failure, or "ok", and whether the store then counts as away. */
test.each<[string, AwayReason, (number | "ok")[], boolean]>([
  ["a burst that ran out of time together", "timeout", Array(80).fill(0), false],
  ["nothing but silence for 150 ms", "timeout", [0, 40, 80, 120, 150], true],
  ["an answer in between", "timeout", [0, 40, 80, "ok", 120, 150, 160, 170], false],
  ["few calls, however long", "timeout", [0, 1000, 2000, 3000], false],
  ["connections that are refused", "connection", [0, 0, 0, 0, 0], true],
  ["four of them", "connection", [0, 0, 0, 0], false],
])("%s", (_name, reason, history, isAway) => {
  let now = 0;
  const evidence = new Evidence(
    () => now,
    () => reason,
  );
  let last = false;
  for (const step of history) {
    if (step === "ok") evidence.success();
    else {
      now = step;
      last = evidence.failure();
    }
  }
  expect(last).toBe(isAway);
});
