import fs from "node:fs";
import path from "node:path";
import { root, run } from "./run.mjs";

// From a bare machine to a running Spillway: install, build, start. Uses nothing but Node and npm.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 20)) {
  process.stderr.write(`Spillway needs Node 20.20 or newer; this is ${process.versions.node}.\n`);
  process.exit(1);
}

async function step(title, work) {
  process.stdout.write(`\n▸ ${title}\n`);
  const code = await work();
  if (code === 0) return;
  process.stderr.write(`\nStopped at "${title}" (exit code ${code}).\n`);
  process.exit(1);
}

const lock = path.join(root, "package-lock.json");
const installed = path.join(root, "node_modules", ".package-lock.json");
const isInstalled = fs.existsSync(installed) && fs.statSync(installed).mtimeMs >= fs.statSync(lock).mtimeMs;
if (!isInstalled)
  await step("installing packages", () => run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]));

await step("building", () => run(process.execPath, ["scripts/build.mjs"]));

process.stdout.write("\n▸ starting\n");
await import("./start.mjs");
