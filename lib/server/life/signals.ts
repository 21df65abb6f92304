import { watchLaunchers } from "../launcher";
import type { Exit } from "./drain";

/**
 * SIGTERM, Ctrl-C, or the end of the launcher starts the shutdown. A second signal skips the wait, a third one exits at
 * once.
 */
export function leaveOnSignals(exit: Exit, leaveNow: () => void = () => process.exit(1)): void {
  let heard = 0;
  const hear = () => {
    heard += 1;
    if (heard === 1) exit.begin();
    else if (heard === 2) exit.hurry();
    else leaveNow();
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, hear);
  watchLaunchers(() => void (heard === 0 && hear()));
}
