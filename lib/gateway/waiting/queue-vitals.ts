import type { Elapsed } from "@/lib/clock";
import { PRIORITIES, type Priority } from "@/lib/limits/rules/priority";
import type { QueueVitals } from "@/lib/scarcity/settings";
import type { Shedding } from "@/lib/scarcity/shedding/shedding";
import type { WaitingLines } from "./waiting-lines";

/** The maximum number of tenants and classes in a heartbeat; the rest is a number. */
const LISTED = 50;

/** The waiting calls of this process, the longest waiting first, and what it sheds. */
export function queueVitals(parts: {
  readonly waitingLines: Pick<WaitingLines, "order">;
  readonly shedding: Shedding;
  readonly shedCalls: (priority: Priority) => number;
  readonly elapsed: Elapsed;
}): QueueVitals {
  const { waitingLines, shedding, shedCalls, elapsed } = parts;
  const now = elapsed();
  const { hardest } = shedding;
  const held = [...waitingLines.order.room.held()].sort((one, other) => one.oldest - other.oldest);
  const rest = held.slice(LISTED).reduce((sum, { calls }) => sum + calls, 0);
  return {
    version: 1,
    pressure: hardest.pressure,
    by: hardest.by,
    more: rest,
    waiting: held.slice(0, LISTED).map(({ oldest, ...one }) => ({ ...one, oldestMs: Math.max(0, now - oldest) })),
    shut: [...waitingLines.order.shut(now)],
    shed: PRIORITIES.map((priority) => ({ priority, share: shedding.share(priority), calls: shedCalls(priority) })),
  };
}
