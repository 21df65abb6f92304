import { HOUR_MS } from "@/lib/clock";
import { StoreUnavailable } from "@/lib/errors";
import { type AppliedLimit, type FailureMode, plan } from "@/lib/limits/plan";
import { type Amounts, NO_AMOUNTS } from "@/lib/limits/rules/dimensions";
import { makeLog } from "@/lib/log";
import type { Admission } from "../admission";
import { MemoryAdmission } from "../memory/memory";
import { FallbackAdmission } from "./fallback";

export const START = 1_795_000_000_000;
const log = makeLog("silent");
export const REST = { tenantId: "t", caller: "c", brake: null, policyVersion: 1, intent: "", leaseMs: 15_000 };

export function under(
  clock: { now(): number },
  shared: Admission,
  peers: number,
  { elapsed, openMs }: { elapsed: () => number; openMs: number } = { elapsed: clock.now, openMs: 0 },
): FallbackAdmission {
  const local = new MemoryAdmission(clock);
  const policyVersion = () => 1;
  return new FallbackAdmission({ shared, local, clock, elapsed, log, peers: () => peers, policyVersion, openMs });
}

/** A store that can be taken away: before it does its work, or after it, with its answer lost. */
export function breakable(store: Admission, state: { is: "there" | "away" | "answers lost" }): Admission {
  return new Proxy(store, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== "function") return method;
      return async (...args: unknown[]) => {
        if (state.is === "away") throw new StoreUnavailable("taken away");
        const answer: unknown = await Reflect.apply(method, target, args);
        if (state.is === "answers lost") throw new StoreUnavailable("its answer was lost");
        return answer;
      };
    },
  });
}

export function setUp(peers: number) {
  const time = { at: START };
  const clock = { now: () => time.at };
  const store = new MemoryAdmission(clock);
  const state: Parameters<typeof breakable>[1] = { is: "there" };
  const fleet = Array.from({ length: peers }, () => under(clock, breakable(store, state), peers));
  const [first] = fleet;
  if (first === undefined) throw new Error("a fleet has a first");
  let serial = 0;
  const admit = (by: Admission, limits: readonly AppliedLimit[], amounts: Amounts = ONE, id = `r${serial++}`) =>
    by.admit({ ...REST, requestId: id, plans: [plan({ candidate: "c", limits, amounts })], caller: id });
  return { time, store, state, fleet, first, admit };
}

export const ONE: Amounts = { ...NO_AMOUNTS, requests: 1, total_tokens: 10, cost_micro_usd: 1000, concurrency: 1 };

export function limit(more: Partial<AppliedLimit> & { failureMode?: FailureMode }, capacity = 60): AppliedLimit {
  const slotId = `${more.dimension ?? "requests"}|x`;
  return {
    limitId: slotId,
    layer: "tenant",
    dimension: "requests",
    subject: "s",
    slotId,
    counter: `s#${slotId}`,
    rule: { algorithm: "token_bucket", capacity, refill: capacity, periodMs: 60_000, credit: 0, bounds: null },
    observe: false,
    ...more,
  };
}

export function budget(capacity: number, failureMode: FailureMode = "local"): AppliedLimit {
  const bounds = { startMs: START - HOUR_MS, endMs: START + HOUR_MS, nextEndMs: START + 25 * HOUR_MS };
  const rule = { algorithm: "calendar_window", capacity, refill: capacity, periodMs: 0, credit: 0, bounds } as const;
  return limit({ dimension: "cost_micro_usd", rule, failureMode });
}

export async function admitted(work: readonly (() => Promise<{ kind: string }>)[]): Promise<number> {
  let count = 0;
  for (const one of work) if ((await one()).kind === "admit") count += 1;
  return count;
}

/** Any good answer starts the catching up. It is over when a later one finds nothing left to report. */
export async function caughtUp(net: FallbackAdmission): Promise<void> {
  for (let turn = 0; turn < 50; turn++) {
    await net.publish(1, ["t"]);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
