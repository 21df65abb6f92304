import fs from "node:fs";
import path from "node:path";
import { root, run, tool } from "./run.mjs";

// The server is bundled to one file, its packages stay in node_modules; the console is built by Next.
const { build } = await import("esbuild");
await build({
  absWorkingDir: root,
  entryPoints: ["lib/server/main.ts"],
  outfile: "dist/server.mjs",
  bundle: true,
  platform: "node",
  target: "node20",
  format: "esm",
  packages: "external",
  sourcemap: "linked",
  logLevel: "warning",
});
if (process.argv.includes("--server-only")) process.exit(0);
const code = await run(tool("next"), ["build"]);
if (code === 0) fs.writeFileSync(path.join(root, "dist", "built"), new Date().toISOString());
process.exit(code);
