import { MINUTE_MS, SECOND_MS } from "@/lib/clock";
import type { Job } from "./run-jobs";

/** Background jobs of a process that serves calls. */
export function callJobs(input: {
  /** settles calls of dead processes */
  reap: () => Promise<void>;
  /** sends a heartbeat to the other processes */
  beat: () => Promise<void>;
  /** publishes the newest policy version to the store */
  keepStore: () => Promise<void>;
  /** shares the usage history with the other processes */
  shareTokenHistory: () => Promise<void>;
  /** shares the state of providers with the other processes */
  sharePlaces: () => Promise<void>;
  /** bills batches that have ended at their provider */
  billBatches: () => Promise<void>;
}): readonly Job[] {
  const { reap, beat, keepStore, shareTokenHistory, sharePlaces, billBatches } = input;
  return [
    { name: "heartbeat", everyMs: SECOND_MS, timeoutMs: 5 * SECOND_MS, run: beat, isFirstAwaited: true },
    { name: "keep-store", everyMs: SECOND_MS, timeoutMs: 15 * SECOND_MS, run: keepStore },
    { name: "share-token-history", everyMs: SECOND_MS, timeoutMs: 15 * SECOND_MS, run: shareTokenHistory },
    { name: "share-places", everyMs: SECOND_MS / 2, timeoutMs: 15 * SECOND_MS, run: sharePlaces },
    { name: "reap", everyMs: 2 * SECOND_MS, timeoutMs: MINUTE_MS / 2, run: reap },
    { name: "bill-batches", everyMs: 5 * SECOND_MS, timeoutMs: 5 * MINUTE_MS, run: billBatches },
  ];
}
