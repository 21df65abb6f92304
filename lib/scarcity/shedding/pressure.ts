import type { Priority } from "@/lib/limits/rules/priority";

/** What puts pressure on a process; a provider's pressure is on the calls to it. */
const OWN_PRESSES = ["event loop", "calls at once", "queue"] as const;
type OwnPress = (typeof OWN_PRESSES)[number];
export type Press = OwnPress | "provider";

/** One measurement of a process. */
export type Load = {
  /** how late its event loop is */
  readonly loopDelayMs: number;
  /** running calls as a share of the maximum */
  readonly callsShare: number;
  readonly waitingCalls: number;
};

/** Shedding settings that operators may change. Each limit is a pressure of 1. */
export type ShedConstants = {
  readonly isOn: boolean;
  readonly loopDelayMs: number;
  readonly callsShare: number;
  readonly waitingCalls: number;
  /** pressure from which background calls are shed; each next class starts one later */
  readonly from: number;
  readonly halfLifeMs: number;
};

export const SHED_CONSTANTS: ShedConstants = {
  isOn: true,
  // At twice this, one second, callers notice it in every token of a stream. Less is a busy machine, not an overload.
  loopDelayMs: 500,
  // At twice this, little is left for the urgent calls.
  callsShare: 0.48,
  // At twice this, the last one waits for minutes at ten calls a second.
  waitingCalls: 1000,
  from: 2,
  // Long enough that a fluctuating load does not switch callers on and off with it.
  halfLifeMs: 300_000,
};

/** Background calls are shed from this used share of a provider's room on; its ceilings and the queue do the rest. */
const HEADROOM_FROM = 0.95;

/** The pressure of a provider's room, by its used share. It sheds background calls only. */
export function roomPressure(usedShare: number, { from }: Pick<ShedConstants, "from">): number {
  const beyond = Math.min(1, (usedShare - HEADROOM_FROM) / (1 - HEADROOM_FROM));
  return beyond > 0 ? from + beyond : usedShare;
}

/** The pressure of a process and its main source: 1 = at a limit, from 2 on calls are shed. */
export function pressureOf(load: Load, constants: ShedConstants): { readonly pressure: number; readonly by: Press } {
  const by: Readonly<Record<OwnPress, number>> = {
    "event loop": load.loopDelayMs / constants.loopDelayMs,
    "calls at once": load.callsShare / constants.callsShare,
    queue: load.waitingCalls / constants.waitingCalls,
  };
  const most = OWN_PRESSES.reduce((one, other) => (by[other] > by[one] ? other : one));
  return { pressure: by[most], by: most };
}

/** One of every hundred background calls is kept at any pressure. */
const KEPT_SHARE = 0.01;

/** The share of a class that is shed; for standard calls, the share that a cheaper model serves. */
export function shedShare(pressure: number, priority: Priority, { from }: Pick<ShedConstants, "from">): number {
  const step = STEPS[priority];
  if (step === null) return 0;
  const share = Math.min(1, Math.max(0, pressure - from - step));
  return priority === "background" ? Math.min(1 - KEPT_SHARE, share) : share;
}

/** Background first, then batch, then standard calls go to cheaper models; interactive ones are kept. */
const STEPS: Readonly<Record<Priority, number | null>> = { background: 0, batch: 1, standard: 2, interactive: null };
