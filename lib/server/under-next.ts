import diagnostics from "node:diagnostics_channel";
import http from "node:http";
import { currentConsole } from "@/lib/console/kernel/context";
import { readEnv } from "@/lib/env";
import { currentGateway } from "@/lib/gateway/current-gateway";
import { boot, type Running } from "./boot/whole";
import { standBefore } from "./http/server";
import type { NextHandler } from "./http/to-next";
import { bootServerless } from "./serverless/boot-serverless";

/** Builds the process inside Next's own server, once, and puts our checks in front of it. */
export async function bootUnderNext(): Promise<void> {
  if (currentGateway() !== null || currentConsole() !== null) return;
  try {
    const env = readEnv();
    if (env.hostKind === "serverless") {
      const settled = await bootServerless(env);
      process.once("SIGTERM", () => void settled());
      return;
    }
    const running = await boot(env, { seedDemo: false, tell: (step) => process.stdout.write(`  ${step}\n`) });
    process.once("SIGTERM", () => void running.stop());
    takeTheDoor(running, env.port);
  } catch (error) {
    process.stderr.write(`\nSpillway could not start.\n  ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}

/**
 * `next start` makes its own server and gives no access to it. Node emits every request before the server handles it. At the
 * first one our listener replaces Next's and passes requests on to it, so both ways to start have the same checks.
 */
function takeTheDoor(running: Running, port: number): void {
  const taken = new WeakSet<http.Server>();
  diagnostics.subscribe("http.server.request.start", (message) => {
    const server: unknown = typeof message === "object" && message !== null ? Reflect.get(message, "server") : null;
    if (!(server instanceof http.Server) || taken.has(server)) return;
    const address = server.address();
    if (typeof address !== "object" || address?.port !== port) return;
    taken.add(server);
    const listeners = server.listeners("request");
    const next: NextHandler = async (request, response) => {
      for (const listener of listeners) await Reflect.apply(listener, server, [request, response]);
    };
    for (const event of ["request", "upgrade", "checkContinue", "connect"]) server.removeAllListeners(event);
    standBefore(server, running, { next, isDev: false });
  });
}
