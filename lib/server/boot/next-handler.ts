import type { Env } from "@/lib/env";
import type { NextHandler } from "../http/to-next";

/** Next's handler for the console's pages, once it is ready. */
export async function startNext(env: Env, { isDev }: { isDev: boolean }): Promise<NextHandler> {
  const { default: next } = await import("next");
  const app = next({ dev: isDev, dir: process.cwd(), hostname: env.host, port: env.port });
  await app.prepare();
  const passOn = app.getRequestHandler();
  return (request, response) => passOn(request, response);
}
