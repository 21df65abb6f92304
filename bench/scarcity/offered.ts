import { PRIORITIES, type Priority } from "../../lib/limits/rules/priority";
import { seeded } from "../../lib/scarcity/simulation/events";

/** One call that is to be sent. */
export type Asked = { readonly atMs: number; readonly priority: Priority; readonly tenant: number };
/** `code`: "served", or why it was refused; what it waited in the queue, and took in all. */
export type Ended = Asked & { readonly code: string; readonly waitedMs: number; readonly tookMs: number };

/** Interactive calls alone fit what the provider gives; all others together are far too many. */
const SHARES: Readonly<Record<Priority, number>> = { interactive: 0.05, standard: 0.3, batch: 0.25, background: 0.4 };

/** Calls at random moments, as callers do who know nothing of each other. */
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
  /** of these, before the last call came: then there is room for all again */
  readonly servedMeanwhile: number;
  readonly p95WaitMs: number;
  readonly codes: Readonly<Record<string, number>>;
};

/** How each class fared. */
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
