import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { freePort, root } from "../../e2e/fixtures/process";
import { ready } from "./stage";

const VERSION = "1.15.2";

/** Portkey's gateway, which makes no decisions by itself. npm installs it beside the build once. */
export async function portkey(): Promise<{ readonly pid: number; readonly url: string }> {
  const folder = path.join(root, "dist", "peers");
  const server = path.join(folder, "node_modules", "@portkey-ai", "gateway", "build", "start-server.js");
  if (!fs.existsSync(server)) {
    fs.mkdirSync(folder, { recursive: true });
    execFileSync("npm", ["install", "--prefix", folder, "--no-audit", "--no-fund", `@portkey-ai/gateway@${VERSION}`]);
  }
  const port = await freePort();
  const child = await ready(
    "Portkey",
    process.execPath,
    [server, `--port=${port}`, "--headless"],
    /ready|running|:\d{4}/i,
  );
  return { pid: child.pid ?? 0, url: `http://127.0.0.1:${port}` };
}
