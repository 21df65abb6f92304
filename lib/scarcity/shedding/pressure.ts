import type { Priority } from "@/lib/limits/rules/priority";

/** What presses on a process; a provider presses on the calls to it. */
const OWN_PRESSES = ["event loop", "calls at once", "queue"] as const;
type OwnPress = (typeof OWN_PRESSES)[number];
export type Press = OwnPress | "provider";

/** One look at a process. */
export type Load = {
  /** how late its event loop is */
  readonly loopDelayMs: number;
  /** calls that run, as a share of those that may */
  readonly callsShare: number;
  readonly waitingCalls: number;
};

/** What operators may set of shedding. Each limit is a pressure of 1. */
export type ShedConstants = {
  readonly isOn: boolean;
  readonly loopDelayMs: number;
  readonly callsShare: number;
  readonly waitingCalls: number;
  /** pressure from which on background calls are shed; each next class one later */
  readonly from: number;
  readonly halfLifeMs: number;
};

export const SHED_CONSTANTS: ShedConstants = {
  isOn: true,
  // At twice this, a second, callers notice it in every token of a stream. Less is a busy machine, not an overload.
  loopDelayMs: 500,
  // At twice this little is left for the urgent ones.
  callsShare: 0.48,
  // At twice this the last one waits for minutes at ten calls a second.
  waitingCalls: 1000,
  from: 2,
  // Long enough that a load which comes and goes does not switch callers on and off with it.
  halfLifeMs: 300_000,
};

/** From this used share of a provider's room on, background calls are shed; its ceilings and the queue do the rest. */
const HEADROOM_FROM = 0.95;

/** How hard a room of a provider is pressed, of which so much is used. It sheds background calls, and no others. */
export function roomPressure(usedShare: number, { from }: Pick<ShedConstants, "from">): number {
  const beyond = Math.min(1, (usedShare - HEADROOM_FROM) / (1 - HEADROOM_FROM));
  return beyond > 0 ? from + beyond : usedShare;
}

/** How hard it is pressed, and by what most: 1 = at a limit, from 2 on calls are shed. */
export function pressureOf(load: Load, constants: ShedConstants): { readonly pressure: number; readonly by: Press } {
  const by: Readonly<Record<OwnPress, number>> = {
    "event loop": load.loopDelayMs / constants.loopDelayMs,
    "calls at once": load.callsShare / constants.callsShare,
    queue: load.waitingCalls / constants.waitingCalls,
  };
  const most = OWN_PRESSES.reduce((one, other) => (by[other] > by[one] ? other : one));
  return { pressure: by[most], by: most };
}

/** Of every hundred background calls one is kept, whatever presses. */
const KEPT_SHARE = 0.01;

/** What part of a class is shed, or of standard calls is served by a cheaper model. */
export function shedShare(pressure: number, priority: Priority, { from }: Pick<ShedConstants, "from">): number {
  const step = STEPS[priority];
  if (step === null) return 0;
  const share = Math.min(1, Math.max(0, pressure - from - step));
  return priority === "background" ? Math.min(1 - KEPT_SHARE, share) : share;
}

/** Background first, then batch, then standard calls go to cheaper models; interactive ones are kept. */
const STEPS: Readonly<Record<Priority, number | null>> = { background: 0, batch: 1, standard: 2, interactive: null };
