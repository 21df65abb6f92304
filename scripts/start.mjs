import fs from "node:fs";
import path from "node:path";
import { root } from "./run.mjs";

// Runs the built server in this very process: signals reach it directly.
process.chdir(root);
process.env.NODE_ENV ??= "production";
process.env.NEXT_TELEMETRY_DISABLED = "1";
const server = path.join(root, "dist", "server.mjs");
if (!fs.existsSync(server)) {
  process.stderr.write("Spillway is not built yet. Run `npm run up` once; it installs, builds and starts.\n");
  process.exit(1);
}
await import(server);
