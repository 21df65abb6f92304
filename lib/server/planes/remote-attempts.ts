import type { Clock } from "@/lib/clock";
import type { Log } from "@/lib/log";
import { FrontDoor, type Guarded } from "../net/front-door";
import type { Attempt } from "./call-port";
import type { CallProcesses } from "./call-processes";

/** How long the limits in front of sign-in wait for a process that serves calls. */
const COUNT_MS = 1000;

/**
 * The limits in front of sign-in and the admin API. They are counted where calls are served, so that all processes of a
 * store count together. Fail mode: without an answer this process counts alone, so an attempt is always limited.
 */
export function remoteAttempts(input: { calls: CallProcesses; clock: Clock; log: Log }) {
  const { calls, clock, log } = input;
  const alone = new FrontDoor({ shared: null, clock, log });
  const ask = <Answer>(name: string, attempt: Attempt) => calls.ask<Answer>(name, attempt, { timeoutMs: COUNT_MS });
  return {
    blockedMs: (what: Guarded, who: string) => alone.blockedMs(what, who),
    count: (what: Guarded, who: string) =>
      ask<number>("countAttempt", { what, who }).catch(() => alone.count(what, who)),
    giveBack: (what: Guarded, who: string) =>
      ask<void>("giveAttemptBack", { what, who }).catch(() => alone.giveBack(what, who)),
  };
}
