import type { Log } from "@/lib/log";

/** One step before the process may exit. */
export type StopStep = { readonly name: string; readonly run: () => Promise<unknown> | unknown };

/** Time for each step after the total time is over; enough for steps that need no other system. */
const LEAST_MS = 50;

/**
 * Does the steps in order within `totalMs`, or within `hurriedMs` after `hurried` resolves. A step that fails or takes
 * too long is logged and skipped; the later ones still start. Never throws.
 */
export async function stopInSteps(
  steps: readonly StopStep[],
  input: { log: Log; totalMs: number; hurriedMs: number; hurried: Promise<void> },
): Promise<void> {
  const { log, totalMs, hurriedMs, hurried } = input;
  const over = Promise.race([paused(totalMs), hurried.then(() => paused(hurriedMs))]);
  for (const { name, run } of steps) {
    const done = Promise.resolve()
      .then(run)
      .then(
        () => null,
        (error: unknown) => ({ err: error }),
      );
    const outcome = await Promise.race([done, over.then(() => paused(LEAST_MS)).then(() => "late" as const)]);
    if (outcome !== null)
      log.error({ step: name, ...(outcome === "late" ? {} : outcome) }, "a step of the stop failed");
  }
}

function paused(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
