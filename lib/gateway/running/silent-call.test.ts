import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MemoryAdmission } from "@/lib/admission/memory/memory";
import type { Check } from "@/lib/limits/plan";
import { NO_AMOUNTS } from "@/lib/limits/rules/dimensions";
import { makeLog } from "@/lib/log";
import { OpenCalls } from "./open-call";

const LEASE_MS = 15_000;
const MINUTE_MS = 60_000;
const log = makeLog("silent");
const clock = { now: () => Date.now() };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const slot: Check = {
  limitId: "l",
  layer: "tenant",
  dimension: "concurrency",
  subject: "t:a:tenant",
  slotId: "c",
  observe: false,
  counter: "t:a:tenant#c",
  rule: { algorithm: "concurrency", capacity: 2, refill: 0, periodMs: 1, credit: 0, bounds: null },
  cost: 1,
};

test("a call that is silent for ten minutes stays counted while many others come and go", async () => {
  const admission = new MemoryAdmission(clock);
  const admit = (requestId: string) =>
    admission.admit({
      requestId,
      tenantId: "a",
      caller: requestId,
      brake: null,
      policyVersion: 1,
      leaseMs: LEASE_MS,
      intent: "",
      plans: [{ candidate: "m", checks: [slot] }],
    });
  const calls = new OpenCalls(() => Date.now());
  // Only the heartbeats of an open call: it sends and receives no bytes.
  const beat = async () => {
    await admission.heartbeat({ requestId: "silent", leaseMs: LEASE_MS, note: "" });
  };
  const brakeFacts = {
    tenant: "a",
    model: "m",
    provider: "p",
    key: "k",
    endpoint: "chat",
    tier: "free",
    priority: "standard" as const,
    agent: "",
    tags: [],
    session: "",
    user: "",
  };
  calls.add({ beat, stop: () => undefined, brakeFacts, intent: { requestId: "silent" } });
  calls.start(LEASE_MS, clock, log);
  expect((await admit("silent")).kind).toBe("admit");
  for (let second = 0; second < 10 * 60; second++) {
    await vi.advanceTimersByTimeAsync(MINUTE_MS / 60);
    const [first, beyond] = [await admit(`a${second}`), await admit(`b${second}`)];
    expect([first.kind, beyond.kind], `second ${second}`).toEqual(["admit", "deny"]);
    await admission.settle({ tenantId: "a", requestId: `a${second}`, actual: NO_AMOUNTS });
    expect(await admission.reap({ tenantIds: ["a"], leaseMs: LEASE_MS })).toEqual([]);
  }
  calls.stopTimer();
  await vi.advanceTimersByTimeAsync(LEASE_MS + 1000);
  expect((await admission.reap({ tenantIds: ["a"], leaseMs: LEASE_MS })).map(({ requestId }) => requestId)).toEqual([
    "silent",
  ]);
});
