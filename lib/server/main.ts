import fs from "node:fs";
import type http from "node:http";
import path from "node:path";
import { parseArgs } from "node:util";
import { type Env, readEnv } from "@/lib/env";
import { BootFault } from "@/lib/errors";
import { startSimulator } from "@/lib/providers/simulator/simulator";
import { boot, type Running } from "./boot";
import { greet } from "./greet";
import { makeServer, type NextHandler } from "./http";
import { watchLaunchers } from "./launcher";

/** How long new connections are still taken after the signal, so that a load balancer can look away first. */
const LINGER_MS = 1000;
const LAST_FRAMES_MS = 2000;
/** The same for who has sent a second signal. */
const LAST_FRAMES_HURRIED_MS = 250;

const { values: args } = parseArgs({
  options: {
    "seed-demo": { type: "boolean", default: false },
    simulator: { type: "boolean", default: false },
    port: { type: "string" },
    dev: { type: "boolean", default: false },
  },
});

async function main(): Promise<void> {
  if (args.simulator) return runSimulator(Number(args.port ?? 0));
  loadDotEnv();
  const env = readEnv();
  const began = performance.now();
  const tell = (step: string) => process.stdout.write(`  ${step}\n`);
  const running = await boot(env, { seedDemo: args["seed-demo"], tell });
  if (args["seed-demo"]) {
    greet(running, performance.now() - began);
    await running.stop();
    process.exit(0);
  }
  try {
    const server = await listen(env, running, tell);
    stopOnSignals(server, running);
    greet(running, performance.now() - began);
  } catch (error) {
    await running.stop();
    throw error;
  }
}

async function listen(env: Env, running: Running, tell: (step: string) => void): Promise<http.Server> {
  const server = makeServer(running, await consoleHandler(env, tell), { isDev: args.dev });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(new BootFault(listenFault(env, error))));
    server.listen(env.port, env.host, resolve);
  });
  return server;
}

/**
 * Next's handler of the console's pages. A process that serves calls alone does not load Next: it would only make every
 * promise of a call dearer.
 */
async function consoleHandler(env: Env, tell: (step: string) => void): Promise<NextHandler> {
  if (env.plane === "gateway" && env.door !== "next")
    return () => Promise.reject(new Error("no console is served here"));
  tell("starting the console");
  const { default: next } = await import("next");
  const app = next({ dev: args.dev, dir: process.cwd(), hostname: env.host, port: env.port });
  await app.prepare();
  const passOn = app.getRequestHandler();
  return (request, response) => passOn(request, response);
}

function listenFault(env: Env, error: NodeJS.ErrnoException): string {
  if (error.code === "EADDRINUSE") return `PORT: ${env.port} is in use on ${env.host}; set another PORT`;
  if (error.code === "EACCES") return `PORT: ${env.port} may not be opened by this user; set one above 1023`;
  return `HOST: ${env.host}:${env.port} cannot be opened (${error.code ?? error.message})`;
}

/**
 * SIGTERM or Ctrl-C: not ready at once, no new connections after a moment, running calls may finish within the drain
 * time, then they end with an error frame; everything is settled and written before the process leaves. A second signal
 * skips the waiting, a third one leaves at once. No wait is unbounded: what is not in the database by then is
 * in the journal.
 */
function stopOnSignals(server: http.Server, running: Running): void {
  let hurry: () => void = () => undefined;
  const hurried = new Promise<void>((resolve) => {
    hurry = resolve;
  });
  const wait = (ms: number) => Promise.race([paused(ms), hurried]);
  const drain = async () => {
    const { openCalls } = running.gateway;
    const deadline = Date.now() + Math.max(LINGER_MS, running.env.drainMs);
    running.beginDrain();
    await wait(LINGER_MS);
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    while (
      openCalls.size > 0 &&
      Date.now() < deadline &&
      !(await Promise.race([hurried.then(() => true), wait(50).then(() => false)]))
    );
    openCalls.stopAll();
    // Connections turn idle one by one as their last answers leave; none of them is waited for longer than that.
    const sweeper = setInterval(() => server.closeIdleConnections(), 20);
    const lastFrames = hurried.then(() => paused(LAST_FRAMES_HURRIED_MS));
    await Promise.race([closed, paused(LAST_FRAMES_MS), lastFrames]);
    clearInterval(sweeper);
    server.closeAllConnections();
    await running.stop(hurried);
    process.exit(0);
  };
  let isStopping = false;
  let isHurried = false;
  const stop = () => {
    isStopping = true;
    drain().catch((error: unknown) => {
      running.log.error({ err: error }, "stop failed");
      process.exit(1);
    });
  };
  const heard = () => {
    if (!isStopping) return stop();
    if (isHurried) process.exit(1);
    isHurried = true;
    hurry();
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, heard);
  watchLaunchers(() => isStopping || stop());
}

function paused(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function runSimulator(port: number): Promise<void> {
  const simulator = await startSimulator(port);
  process.stdout.write(`simulator listening at ${simulator.url}\n`);
  process.on("SIGTERM", () => void simulator.close().then(() => process.exit(0)));
}

/** `.env` beside package.json, if there is one; the environment itself wins. */
function loadDotEnv(): void {
  const file = path.join(process.cwd(), ".env");
  if (fs.existsSync(file)) process.loadEnvFile(file);
}

main().catch((error: unknown) => {
  const text =
    error instanceof BootFault
      ? error.message
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error);
  process.stderr.write(
    `\nSpillway could not start.\n${text
      .split("\n")
      .map((line) => `  ${line}`)
      .join("\n")}\n`,
  );
  process.exit(1);
});
