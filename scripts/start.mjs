import fs from "node:fs";
import path from "node:path";
import v8 from "node:v8";
import { root } from "./run.mjs";

// By itself V8 lets the heap grow to several times what is alive before it collects: a burst of large or hostile calls
// would leave the process at twice its size. Half as much again costs a collection more often, which runs beside the calls.
v8.setFlagsFromString("--heap-growing-percent=50");

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
