import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { bundled, root, tool } from "./run.mjs";

// npm run mutate: flips each comparison of the limiter's scripts, one at a time, and runs the store's tests against it.
// The tests must detect every flip. Flips without an effect are listed with the reason.
const outfile = await bundled("test/mutants.mjs", { entryPoints: ["e2e/mutants/mutants.ts"] });
const { mutants } = await import(outfile);
const equivalent = JSON.parse(fs.readFileSync(path.join(root, "e2e", "mutants", "equivalent-mutants.json"), "utf8"));
const isEquivalent = (mutant) => equivalent.some((one) => mutant.line === one.line && mutant.nth === one.nth);

const all = mutants();
const wanted = process.argv.slice(2).map(Number);
const queue = all
  .map((mutant, index) => ({ mutant, index }))
  .filter(({ mutant, index }) => (wanted.length > 0 ? wanted.includes(index) : !isEquivalent(mutant)));
const survivors = [];

async function worker() {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const args = [
      "run",
      "--project",
      "rim",
      "lib/admission/redis/redis.rim",
      "lib/admission/redis/times-to-live",
      "lib/admission/redis/straight",
      "lib/admission/redis/bit-equal",
    ];
    const env = { ...process.env, MUTANT: String(next.index), BIT_EQUAL_RUNS: process.env.BIT_EQUAL_RUNS ?? "600" };
    const child = spawn(tool("vitest"), args, { cwd: root, stdio: "ignore", env });
    const code = await new Promise((resolve) => child.once("exit", resolve));
    if (code === 0) survivors.push(next);
  }
}
await Promise.all(os.cpus().map(worker));
for (const { mutant, index } of survivors.sort((left, right) => left.index - right.index)) {
  process.stdout.write(
    `not noticed: ${index} ${mutant.script}: ${mutant.from} → ${mutant.to} (nth ${mutant.nth}) in: ${mutant.line}\n`,
  );
}
process.stdout.write(
  `${all.length} comparisons, ${equivalent.length} listed as equivalent, ${survivors.length} not noticed\n`,
);
process.exit(survivors.length === 0 ? 0 : 1);
