import type { Log } from "@/lib/log";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./postgres";

const LOOK_EVERY_MS = 250;
/** Wait between two tries to start it, so that a server that cannot start costs no CPU. */
const BACKOFF_MS = { least: 100, most: 5000 };

export type KeptPostgres = {
  readonly url: string;
  /** How often it was restarted. */
  restarts(): number;
  isDown(): boolean;
  /** Ends the watch and the server. */
  stop(): Promise<void>;
};

/**
 * The embedded server, restarted on the same port whenever its process is gone, so holders of its address need no
 * change. Each try is bounded; the wait between tries doubles up to five seconds. Fail mode: while it cannot start the
 * database is away, and the reason is logged. A server that runs but does not answer is left alone: it may be busy, and
 * killing it would make it busier.
 */
export async function keepEmbeddedPostgres(input: { dataDir: string; log: Log }): Promise<KeptPostgres> {
  const { dataDir, log } = input;
  let server: EmbeddedPostgres = await startEmbeddedPostgres(dataDir);
  const { url, port } = server;
  const end = new AbortController();
  let restarts = 0;
  let starting: Promise<EmbeddedPostgres> | null = null;

  async function startedAgain(): Promise<EmbeddedPostgres> {
    log.error("the embedded PostgreSQL ended; restarting it");
    for (let waitMs = BACKOFF_MS.least; ; waitMs = Math.min(waitMs * 2, BACKOFF_MS.most)) {
      try {
        const next = await startEmbeddedPostgres(dataDir, { port });
        restarts += 1;
        log.warn({ restarts }, "the embedded PostgreSQL is back");
        return next;
      } catch (error) {
        log.error({ err: error }, "could not start the embedded PostgreSQL; retrying");
      }
      await paused(waitMs, end.signal);
      if (end.signal.aborted) return server;
    }
  }

  const look = () => {
    if (starting !== null || server.isRunning()) return;
    starting = startedAgain().then((next) => {
      server = next;
      starting = null;
      return next;
    });
  };
  const timer = setInterval(look, LOOK_EVERY_MS).unref();
  return {
    url,
    restarts: () => restarts,
    isDown: () => starting !== null || !server.isRunning(),
    stop: async () => {
      clearInterval(timer);
      end.abort();
      const last = await (starting ?? server);
      await last.stop();
    },
  };
}

function paused(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
    if (signal.aborted) resolve();
  });
}
