import type { Log } from "@/lib/log";
import { within } from "@/lib/within";

/** A periodic background job. */
export type Job = {
  readonly name: string;
  readonly everyMs: number;
  /** A run that takes longer counts as failed, and the next run may start. */
  readonly timeoutMs: number;
  /** May overlap a timed-out run, here or in another process. Errors are logged and counted. */
  readonly run: () => Promise<void>;
  /** The server waits for its first run before it serves. */
  readonly isFirstAwaited?: boolean;
};

export type JobOutcome = "done" | "failed" | "timeout";

/** Timed-out runs of one job that still run. At this number no further run starts. */
const GIVEN_UP_MAX = 3;

/**
 * Starts every job independently, with its own timer, overlap guard and timeout, so a failing or hanging job delays no
 * other. Resolves when the awaited first runs are done. Returns a function that stops further runs.
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

/** One run, unless the previous run is still active. Never rejects. */
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
    // Logged once per change, so a database that is away for an hour does not fill the log.
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
