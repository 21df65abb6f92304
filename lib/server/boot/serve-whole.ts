import type { Env } from "@/lib/env";
import { greet } from "../greet";
import { makeServer } from "../http/server";
import type { NextHandler } from "../http/to-next";
import { makeExit } from "../life/drain";
import { leaveOnSignals } from "../life/signals";
import { listen } from "../net/listen";
import { startNext } from "./next-handler";
import { boot, type Running } from "./whole";

/** One process that serves everything, or only the plane that PLANE names. */
export async function serveWhole(env: Env, options: { seedDemo: boolean; isDev: boolean }): Promise<void> {
  const began = performance.now();
  const tell = (step: string) => process.stdout.write(`  ${step}\n`);
  const running = await boot(env, { seedDemo: options.seedDemo, tell });
  const hello = () => greet({ env, credentials: running.credentials, tookMs: performance.now() - began });
  if (options.seedDemo) {
    hello();
    await running.stop();
    process.exit(0);
  }
  try {
    const server = makeServer(running, await consoleHandler(env, options, tell), options);
    await listen(server, { setting: "PORT", host: env.host, port: env.port });
    leaveOnSignals(exitOf(running, server));
    hello();
  } catch (error) {
    await running.stop();
    throw error;
  }
}

function exitOf(running: Running, server: ReturnType<typeof makeServer>) {
  const { env, log, gateway, beginDrain, stop } = running;
  const openCalls = gateway?.openCalls ?? null;
  return makeExit({ servers: [server], log, openCalls, drainMs: env.drainMs, beginDrain, stop });
}

/** A process that serves only calls does not load Next, which would make every promise of a call slower. */
async function consoleHandler(
  env: Env,
  options: { isDev: boolean },
  tell: (step: string) => void,
): Promise<NextHandler> {
  if (env.plane === "gateway" && env.door !== "next")
    return () => Promise.reject(new Error("no console is served here"));
  tell("starting the console");
  return startNext(env, options);
}
