import fs from "node:fs";
import path from "node:path";
import { root, run, tool } from "./run.mjs";

// The fast loop: format, lint, types, house rules and unit tests; under a minute.
const steps = [
  ["format and lint", tool("biome"), ["check", "--error-on-warnings", "."]],
  ["types", tool("tsc"), ["--noEmit"]],
  ["unit tests and house rules", tool("vitest"), ["run", "--project", "unit", "--reporter=default"]],
];
// Next writes types for the routes of its last build; types of removed routes would fail the check.
fs.rmSync(path.join(root, ".next", "types"), { recursive: true, force: true });
for (const [title, command, args] of steps) {
  process.stdout.write(`\n▸ ${title}\n`);
  const code = await run(command, args);
  if (code !== 0) process.exit(code);
}
