import type http from "node:http";
import type { OpenCalls } from "@/lib/gateway/running/open-call";
import type { Log } from "@/lib/log";

/** New connections are accepted this long after the signal, so that a load balancer can stop sending first. */
const LINGER_MS = 1000;
const LAST_FRAMES_MS = 2000;
/** The same after a second signal. */
const LAST_FRAMES_HURRIED_MS = 250;
const LOOK_EVERY_MS = 50;
const SWEEP_EVERY_MS = 20;

type Draining = {
  readonly servers: readonly http.Server[];
  readonly log: Log;
  /** null = no running calls to wait for */
  readonly openCalls: Pick<OpenCalls, "size" | "stopAll"> | null;
  /** time limit for running calls */
  readonly drainMs: number;
  beginDrain(): void;
  stop(hurried: Promise<void>): Promise<void>;
};

/** How a process exits. Both may be called more than once. */
export type Exit = {
  begin(): void;
  /** Skips the wait. */
  hurry(): void;
};

/**
 * The process is not ready at once, and accepts no new connections after a moment. Running calls may finish within the
 * drain time, then they end with an error frame. All calls are settled and written before the process exits. Every wait
 * is bounded. What is not in the database by then is in the journal.
 */
export function makeExit(draining: Draining): Exit {
  let hurry: () => void = () => undefined;
  const hurried = new Promise<void>((resolve) => {
    hurry = resolve;
  });
  let isLeaving = false;
  return {
    hurry,
    begin: () => {
      if (isLeaving) return;
      isLeaving = true;
      drain(draining, hurried).then(
        () => process.exit(0),
        (error: unknown) => {
          draining.log.error({ err: error }, "stop failed");
          process.exit(1);
        },
      );
    },
  };
}

async function drain(draining: Draining, hurried: Promise<void>): Promise<void> {
  const { servers, openCalls, drainMs, beginDrain, stop } = draining;
  const wait = (ms: number) => Promise.race([paused(ms), hurried]);
  const deadline = performance.now() + Math.max(LINGER_MS, drainMs);
  beginDrain();
  await wait(LINGER_MS);
  const closed = Promise.all(servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
  const closeIdle = () => {
    for (const server of servers) server.closeIdleConnections();
  };
  closeIdle();
  if (openCalls !== null) {
    let isHurried = false;
    void hurried.then(() => {
      isHurried = true;
    });
    while (openCalls.size > 0 && performance.now() < deadline && !isHurried) await wait(LOOK_EVERY_MS);
    openCalls.stopAll();
  }
  // Connections turn idle one by one as their last answers leave. None is waited for longer than this.
  const sweeper = setInterval(closeIdle, SWEEP_EVERY_MS);
  const lastFrames = hurried.then(() => paused(LAST_FRAMES_HURRIED_MS));
  await Promise.race([closed, paused(LAST_FRAMES_MS), lastFrames]);
  clearInterval(sweeper);
  for (const server of servers) server.closeAllConnections();
  await stop(hurried);
}

function paused(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
