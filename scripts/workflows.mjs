import fs from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { root, run, tool } from "./run.mjs";

// npm run workflows [-- --pages] [--calls 10000000]: operators' most frequent tasks in a real browser with the built server;
// prints clicks and seconds of each. --pages: load time of each page with 5,000 tenants, 20,000 keys and this many calls.
// --data DIR: fills that folder once and keeps it, so that the next run measures at once. --only /,/spend: only these pages.
const { values: options } = parseArgs({
  options: {
    pages: { type: "boolean", default: false },
    calls: { type: "string" },
    data: { type: "string" },
    only: { type: "string" },
  },
});
if (!fs.existsSync(path.join(root, "dist", "server.mjs"))) {
  process.stderr.write("Spillway is not built yet. Run `npm run build` first.\n");
  process.exit(2);
}
const env = {
  TIMED: options.pages ? "pages" : "workflows",
  ...(options.calls === undefined ? {} : { CALLS: options.calls }),
  ...(options.data === undefined ? {} : { FILLED_DIR: path.resolve(options.data) }),
  ...(options.only === undefined ? {} : { ONLY: options.only }),
};
process.exit(await run(tool("playwright"), ["test", `timed/${env.TIMED}`], { env }));
