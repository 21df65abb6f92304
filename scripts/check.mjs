import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { root, run, tool } from "./run.mjs";

// Everything, from a fresh clone: install, types, lint, house rules, unit, property, integration, end to end, browser.
// The last line is `N passed, N failed`; the exit code is 1 when anything failed.
const results = path.join(root, "test-results");
let passed = 0;
let failed = 0;

function finish() {
  process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
  process.exit(failed === 0 ? 0 : 1);
}

/** A step that is not made of tests: it counts when it fails, and nothing after it makes sense. */
async function need(title, work) {
  process.stdout.write(`\n▸ ${title}\n`);
  const code = await work();
  if (code === 0) return;
  process.stdout.write(`${title}: failed with exit code ${code}\n`);
  failed += 1;
  finish();
}

/** Runs a test runner and adds up its report; a runner that left no report counts as one failure. */
async function tests(title, command, args, report, count) {
  process.stdout.write(`\n▸ ${title}\n`);
  const code = await run(command, args, { env: { CI: "true", NO_COLOR: "1" } });
  try {
    const [good, bad] = count(JSON.parse(fs.readFileSync(path.join(results, report), "utf8")));
    passed += good;
    failed += bad === 0 && code !== 0 ? 1 : bad;
  } catch (error) {
    process.stdout.write(`${title}: no report (${error.message})\n`);
    failed += 1;
  }
}

/** A file that could not be imported reports no test of its own: it counts as one. */
function countVitest(report) {
  const broken = report.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0);
  return [report.numPassedTests, report.numFailedTests + broken.length];
}

function countPlaywright(report) {
  return [report.stats.expected, report.stats.unexpected + report.stats.flaky + report.errors.length];
}

/** What the tests need from Debian: a browser and a Redis server. Installed when missing and we may. */
function debian() {
  const wanted = [
    { name: "chromium", found: process.env.CHROMIUM ?? "/usr/bin/chromium" },
    { name: "redis-server", found: "/usr/bin/redis-server" },
  ];
  const missing = wanted.filter(({ found }) => !fs.existsSync(found)).map(({ name }) => name);
  if (missing.length === 0) return 0;
  if (process.getuid?.() !== 0) {
    process.stdout.write(
      `The tests need ${missing.join(" and ")}. Install with \`sudo apt-get install ${missing.join(" ")}\` and run again.\n`,
    );
    return 1;
  }
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const args of [
    ["update", "-qq"],
    ["install", "-y", "--no-install-recommends", ...missing],
  ]) {
    const done = spawnSync("apt-get", args, { env, stdio: ["ignore", "ignore", "inherit"] });
    if (done.status !== 0) return done.status ?? 1;
  }
  return 0;
}

const vitest = (project, report) => [
  "run",
  "--project",
  project,
  "--reporter=default",
  "--reporter=json",
  `--outputFile.json=test-results/${report}`,
];

fs.rmSync(results, { recursive: true, force: true });
const lock = path.join(root, "package-lock.json");
const installed = path.join(root, "node_modules", ".package-lock.json");
const isInstalled = fs.existsSync(installed) && fs.statSync(installed).mtimeMs >= fs.statSync(lock).mtimeMs;
if (!isInstalled)
  await need("installing packages", () => run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]));
await need("browser and Redis", debian);
await need("format and lint", () => run(tool("biome"), ["check", "--error-on-warnings", "."]));
fs.rmSync(path.join(root, ".next", "types"), { recursive: true, force: true });
await need("types", () => run(tool("tsc"), ["--noEmit"]));
await tests(
  "unit and property tests, house rules",
  tool("vitest"),
  vitest("unit", "unit.json"),
  "unit.json",
  countVitest,
);
await need("build", () => run(process.execPath, ["scripts/build.mjs"]));
await tests(
  "integration on real PostgreSQL and Redis",
  tool("vitest"),
  vitest("rim", "rim.json"),
  "rim.json",
  countVitest,
);
await tests("end to end over HTTP", tool("vitest"), vitest("e2e", "e2e.json"), "e2e.json", countVitest);
await tests("in the browser", tool("playwright"), ["test"], "browser.json", countPlaywright);
finish();
