import { PRIORITIES, type Priority } from "../../lib/limits/rules/priority";
import { seeded } from "../../lib/scarcity/simulation/events";

/** One call to send. */
export type Asked = { readonly atMs: number; readonly priority: Priority; readonly tenant: number };
/** `code`: "served", or the reason of its refusal; its wait in the queue, and its total time. */
export type Ended = Asked & { readonly code: string; readonly waitedMs: number; readonly tookMs: number };

/** Interactive calls alone fit the provider's limits; all others together are far too many. */
const SHARES: Readonly<Record<Priority, number>> = { interactive: 0.05, standard: 0.3, batch: 0.25, background: 0.4 };

/** Calls at random moments, as from independent callers. */
export function arrivalsFor(run: {
  readonly seed: number;
  readonly perMinute: number;
  readonly seconds: number;
  readonly tenants: number;
}): readonly Asked[] {
  const random = seeded(run.seed);
  const arrivals: Asked[] = [];
  for (let atMs = 0; ; ) {
    atMs += (-Math.log(1 - random()) * 60_000) / run.perMinute;
    if (atMs >= run.seconds * 1000) return arrivals;
    arrivals.push({ atMs, priority: picked(random()), tenant: Math.floor(random() * run.tenants) });
  }
}

function picked(roll: number): Priority {
  let sum = 0;
  for (const priority of PRIORITIES) {
    sum += SHARES[priority];
    if (roll < sum) return priority;
  }
  return "background";
}

type Class = {
  readonly of: number;
  readonly served: number;
  /** of these, before the last call came: afterwards every call has room again */
  readonly servedMeanwhile: number;
  readonly p95WaitMs: number;
  readonly codes: Readonly<Record<string, number>>;
};

/** The results of each class. */
export function summed(ended: readonly Ended[], seconds: number): Readonly<Record<Priority, Class>> {
  const [interactive, standard, batch, background] = PRIORITIES.map((priority) => {
    const own = ended.filter((one) => one.priority === priority);
    const waits = own.flatMap(({ code, waitedMs }) => (code === "served" ? [waitedMs] : [])).sort((a, b) => a - b);
    const codes: Record<string, number> = {};
    for (const { code } of own) codes[code] = (codes[code] ?? 0) + 1;
    const meanwhile = own.filter(({ code, atMs, tookMs }) => code === "served" && atMs + tookMs <= seconds * 1000);
    const servedMeanwhile = meanwhile.length;
    return {
      of: own.length,
      served: waits.length,
      servedMeanwhile,
      p95WaitMs: waits[Math.floor(waits.length * 0.95)] ?? 0,
      codes,
    };
  });
  const none = { of: 0, served: 0, servedMeanwhile: 0, p95WaitMs: 0, codes: {} };
  return {
    interactive: interactive ?? none,
    standard: standard ?? none,
    batch: batch ?? none,
    background: background ?? none,
  };
}
