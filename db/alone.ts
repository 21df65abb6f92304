import pg from "pg";
import { BootFault } from "@/lib/errors";
import type { Log } from "@/lib/log";
import { safeUrl } from "./client";

/** Any number, the same in every process. The lock is held while counters live in one process's memory. */
const SOLE_LOCK = 4_207_519;
/** A killed process's session may end a moment after its successor starts. */
const SOLE_TRIES = 40;
const SOLE_PAUSE_MS = 50;
const AGAIN_MS = 500;
const CONNECT_MS = 3000;

/**
 * Ensures that no other process serves from this database while counters are in process memory: two would each grant
 * the whole limit. Throws a BootFault when another process does. The lock ends with the process. A restarted database
 * has lost it, so it is taken again as soon as the database answers.
 */
export async function holdAlone(url: string, log: Log): Promise<{ release(): Promise<void> }> {
  let client: pg.Client | null = null;
  let isReleased = false;
  let again: NodeJS.Timeout | null = null;

  const lost = () => {
    if (isReleased || again !== null) return;
    client = null;
    log.error("the lock on the database was lost with its connection");
    const retry = () => {
      again = setTimeout(() => void retake(), AGAIN_MS).unref();
    };
    const retake = async () => {
      client = await locked(url, lostOnce()).catch(() => null);
      if (client === null && !isReleased) return retry();
      again = null;
      if (isReleased) return void client?.end().catch(() => undefined);
      log.warn("the lock on the database is held again");
    };
    retry();
  };
  const lostOnce = () => {
    let isTold = false;
    return () => {
      if (isTold) return;
      isTold = true;
      lost();
    };
  };

  for (let attempt = 0; client === null; attempt++) {
    client = await locked(url, lostOnce());
    if (client !== null) break;
    if (attempt >= SOLE_TRIES) {
      throw new BootFault(
        `DATABASE_URL: another Spillway process serves from this database (${safeUrl(url)}); the in-process store is for one process only`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, SOLE_PAUSE_MS));
  }
  return {
    release: async () => {
      isReleased = true;
      if (again !== null) clearTimeout(again);
      await client?.end();
    },
  };
}

/** A connection that holds the lock; null when another one holds it. `onLost` is called if the connection ends later. */
async function locked(url: string, onLost: () => void): Promise<pg.Client | null> {
  const client = new pg.Client({ connectionString: url, keepAlive: true, connectionTimeoutMillis: CONNECT_MS });
  let isHeld = false;
  client.on("error", () => undefined);
  client.on("end", () => isHeld && onLost());
  await client.connect();
  const { rows } = await client.query<{ held: boolean }>("select pg_try_advisory_lock($1) as held", [SOLE_LOCK]);
  isHeld = rows[0]?.held === true;
  if (isHeld) return client;
  await client.end();
  return null;
}
