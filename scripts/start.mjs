import fs from "node:fs";
import path from "node:path";
import v8 from "node:v8";
import { root } from "./run.mjs";

// By default V8 lets the heap grow to several times its live size before it collects, so a burst of large or hostile calls
// would leave the process at twice its size. A factor of 1.5 costs more frequent collections, which run beside the calls.
v8.setFlagsFromString("--heap-growing-percent=50");

// Runs the built server in this process, so signals reach it directly.
process.chdir(root);
process.env.NODE_ENV ??= "production";
process.env.NEXT_TELEMETRY_DISABLED = "1";
const server = path.join(root, "dist", "server.mjs");
if (!fs.existsSync(server)) {
  process.stderr.write("Spillway is not built yet. Run `npm run up` once; it installs, builds and starts.\n");
  process.exit(1);
}
await import(server);
