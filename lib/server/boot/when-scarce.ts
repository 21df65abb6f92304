import { systemElapsed } from "@/lib/clock";
import type { Bounds } from "@/lib/gateway/bounds/bounds";
import { Shedder } from "@/lib/gateway/shedding/shedder";
import { WaitingLines } from "@/lib/gateway/waiting/waiting-lines";
import type { Counters } from "../store/counters";
import type { scarcityInForce } from "./scarcity-in-force";

type ScarcityInForce = ReturnType<typeof scarcityInForce>;

/** The queues of a process. `processes`: the number alive, this one included. */
export function linesOf({ offers }: Counters, scarcity: ScarcityInForce, processes: () => number): WaitingLines {
  return new WaitingLines({
    constants: () => scarcity.queue,
    elapsed: systemElapsed,
    random: Math.random,
    others: offers === null ? null : { offers, processes },
  });
}

/** Sheds calls of a process according to its load. */
export function shedderOf(
  scarcity: ScarcityInForce,
  by: {
    readonly bounds: Bounds;
    readonly waitingLines: WaitingLines;
    readonly callsAtOnce: number;
  },
): Shedder {
  const { bounds, waitingLines, callsAtOnce } = by;
  return new Shedder({
    constants: () => scarcity.shed,
    elapsed: systemElapsed,
    load: () => ({
      callsShare: bounds.load.calls / callsAtOnce,
      waitingCalls: waitingLines.size,
    }),
  });
}
