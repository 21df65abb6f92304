import type { Log } from "@/lib/log";
import { within } from "@/lib/within";

/** Work that is done again and again in the background. */
export type Job = {
  readonly name: string;
  readonly everyMs: number;
  /** A run that takes longer counts as failed, and the next one may begin. */
  readonly timeoutMs: number;
  /** May overlap a run that was given up, here or in another process. What it throws is logged and counted. */
  readonly run: () => Promise<void>;
  /** Its first run is over before anything is served. */
  readonly isFirstAwaited?: boolean;
};

export type JobOutcome = "done" | "failed" | "timeout";

/** Runs of one job that were given up and are still going on; at that many no further one begins. */
const GIVEN_UP_MAX = 3;

/**
 * Starts every job on its own: with its own timer, its own guard against a second run, and its own timeout, so that one
 * which fails or hangs delays no other. Resolves when the first runs that are awaited are over. Returns how to stop:
 * no further run begins.
 */
export async function startJobs(
  jobs: readonly Job[],
  input: { log: Log; ended: (name: string, outcome: JobOutcome) => void },
): Promise<() => void> {
  const runs = jobs.map((job) => ({ job, run: guarded(job, input) }));
  await Promise.all(runs.flatMap(({ job, run }) => (job.isFirstAwaited === true ? [run()] : [])));
  const timers = runs.map(({ job, run }) => setInterval(() => void run(), job.everyMs).unref());
  return () => {
    for (const timer of timers) clearInterval(timer);
  };
}

/** One run unless the one before is going on. Never rejects. */
function guarded(
  job: Job,
  { log, ended }: { log: Log; ended: (name: string, outcome: JobOutcome) => void },
): () => Promise<void> {
  let isRunning = false;
  let unfinished = 0;
  let last: JobOutcome = "done";
  return async () => {
    if (isRunning || unfinished >= GIVEN_UP_MAX) return;
    isRunning = true;
    unfinished += 1;
    const outcome = await outcomeOf(job, () => {
      unfinished -= 1;
    });
    isRunning = false;
    ended(job.name, outcome.kind);
    // Once per change: a database that is away for an hour fills no log.
    if (outcome.kind !== "done" && outcome.kind !== last)
      log.warn({ err: outcome.error, job: job.name }, `${job.name}: ${outcome.kind}; it will be tried again`);
    last = outcome.kind;
  };
}

type Outcome = { readonly kind: "done" } | { readonly kind: "failed" | "timeout"; readonly error: unknown };

async function outcomeOf(job: Job, finished: () => void): Promise<Outcome> {
  let isOver = false;
  const work = Promise.resolve()
    .then(job.run)
    .finally(() => {
      isOver = true;
      finished();
    });
  try {
    await within(job.timeoutMs, work);
    return { kind: "done" };
  } catch (error) {
    return { kind: isOver ? "failed" : "timeout", error };
  }
}
