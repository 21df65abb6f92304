import { createHash, timingSafeEqual } from "node:crypto";
import type { Database } from "@/db/client";
import { underJobLock } from "@/db/queries/fleet/job-lock";
import { HOUR_MS } from "@/lib/clock";
import type { Job } from "@/lib/jobs/run-jobs";
import type { Log } from "@/lib/log";
import { within } from "@/lib/within";

const PREFIX = "/api/cron/";
/** All jobs that run more often than once an hour. */
const ALL = "all";

type Outcome = "done" | "busy" | "failed";

/**
 * Background jobs without timers: the host's scheduler requests them, with `cronSecret` as a bearer token. Each one
 * runs under a lock, so two requests run it once. One that fails or takes too long does not stop the others.
 */
export function makeRunJob(needs: {
  readonly jobs: readonly Job[];
  readonly cronSecret: string;
  readonly db: Database;
  readonly log: Log;
  readonly settled: () => Promise<void>;
}): (request: Request) => Promise<Response> {
  const { jobs, cronSecret } = needs;
  return async (request) => {
    const sent = /^bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
    const headers = { "cache-control": "no-store" };
    if (!timingSafeEqual(digest(sent), digest(cronSecret)))
      return Response.json({ error: "Send CRON_SECRET as a bearer token." }, { status: 401, headers });
    const asked = new URL(request.url).pathname.slice(PREFIX.length);
    const chosen = jobs.filter(({ name, everyMs }) => (asked === ALL ? everyMs < HOUR_MS : name === asked));
    if (chosen.length === 0)
      return Response.json(
        { error: `There is no such job. There are ${ALL}, ${namesOf(jobs)}.` },
        { status: 404, headers },
      );
    const outcomes: Record<string, Outcome> = {};
    for (const job of chosen) outcomes[job.name] = await outcomeOf(job, needs);
    const isWhole = Object.values(outcomes).every((one) => one !== "failed");
    return Response.json({ jobs: outcomes }, { status: isWhole ? 200 : 500, headers });
  };
}

async function outcomeOf(
  job: Job,
  { db, log, settled }: { db: Database; log: Log; settled: () => Promise<void> },
): Promise<Outcome> {
  const work = async () => {
    await job.run();
    await settled();
  };
  try {
    return await within(job.timeoutMs, underJobLock(db, job.name, work));
  } catch (error) {
    log.warn({ err: error, job: job.name }, `${job.name}: failed; it runs again at the next request`);
    return "failed";
  }
}

function namesOf(jobs: readonly Job[]): string {
  return jobs.map(({ name }) => name).join(", ");
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
