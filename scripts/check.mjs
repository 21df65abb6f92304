import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { root, run, tool } from "./run.mjs";

// Everything, from a fresh clone: install, types, lint, house rules, unit, property, integration, end to end, browser.
// Two lanes run at once, one for each core of a small machine: first the unit tests beside lint, types and build, then
// everything that needs the build.
// The last line is `N passed, N failed`; the exit code is 1 when anything failed.
const results = path.join(root, "test-results");
let passed = 0;
let failed = 0;
/** All failures, printed again at the end: the two lanes' lines are mixed, and a log may be cut. */
const failures = [];

function finish() {
  for (const failure of failures) process.stdout.write(`\n✗ ${failure}\n`);
  process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
  process.exit(failed === 0 ? 0 : 1);
}

/** A step without tests: it counts when it fails, and ends the run. Resolves whether it succeeded. */
async function step(title, work) {
  process.stdout.write(`\n▸ ${title}\n`);
  const code = await work();
  if (code === 0) return true;
  process.stdout.write(`${title}: failed with exit code ${code}\n`);
  failures.push(`${title}: exit code ${code}`);
  failed += 1;
  return false;
}

async function need(title, work) {
  if (!(await step(title, work))) finish();
}

/** Runs a test runner and adds up its report `<name>.json`. A runner without a report counts as one failure. */
async function tests(name, title, command, args, count, failuresOf) {
  const started = Date.now();
  process.stdout.write(`\n▸ ${name}: ${title}\n`);
  const code = await run(command, args, { env: { CI: "true", NO_COLOR: "1" }, label: name.padEnd(7) });
  try {
    const report = JSON.parse(fs.readFileSync(path.join(results, `${name}.json`), "utf8"));
    const [good, bad] = count(report);
    failures.push(...failuresOf(report).map((failure) => `${name}: ${failure}`));
    const counted = bad === 0 && code !== 0 ? 1 : bad;
    passed += good;
    failed += counted;
    process.stdout.write(
      `\n▸ ${name}: ${good} passed, ${counted} failed in ${Math.round((Date.now() - started) / 1000)} s\n`,
    );
  } catch (error) {
    process.stdout.write(`${title}: no report (${error.message})\n`);
    failed += 1;
  }
}

/** A file that could not be imported reports no tests, so it counts as one. */
function countVitest(report) {
  const broken = report.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0);
  return [report.numPassedTests, report.numFailedTests + broken.length];
}

function countPlaywright(report) {
  return [report.stats.expected, report.stats.unexpected + report.stats.flaky + report.errors.length];
}

/** The first lines of an error, without colours. */
function excerpt(message) {
  const plain = stripVTControlCharacters(message ?? "no message");
  return plain.split("\n").slice(0, 25).join("\n").slice(0, 2_500);
}

function failuresOfVitest(report) {
  return report.testResults.flatMap((file) => {
    const bad = file.assertionResults.filter((test) => test.status === "failed");
    const name = path.relative(root, file.name);
    if (bad.length === 0) return file.status === "failed" ? [`${name}\n${excerpt(file.message)}`] : [];
    return bad.map((test) => `${name} › ${test.fullName}\n${excerpt(test.failureMessages.join("\n"))}`);
  });
}

function failuresOfPlaywright(report) {
  const inside = (suite) => [
    ...(suite.suites ?? []).flatMap(inside),
    ...(suite.specs ?? [])
      .filter((spec) => !spec.ok)
      .map((spec) => {
        const errors = spec.tests.flatMap((test) => test.results.flatMap((result) => result.errors));
        return `${spec.file}:${spec.line} › ${spec.title}\n${excerpt(errors.map((error) => error.message).join("\n"))}`;
      }),
  ];
  return [...report.suites.flatMap(inside), ...report.errors.map((error) => excerpt(error.message))];
}

/** The tests' Debian packages: a browser, a Redis server and a proxy. Installed when missing and allowed. */
function debian() {
  const wanted = [
    { name: "chromium", found: process.env.CHROMIUM ?? "/usr/bin/chromium" },
    { name: "redis-server", found: "/usr/bin/redis-server" },
    { name: "nginx-light", found: "/usr/sbin/nginx" },
    { name: "openssl", found: "/usr/bin/openssl" },
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

/** Runs one project of vitest.config.ts, or a part of it: "1/9" is the first ninth of its files. */
function vitest(project, title, part = "") {
  const name = part === "" ? project : `${project}-${part[0]}`;
  const report = `--outputFile.json=test-results/${name}.json`;
  const shard = part === "" ? [] : [`--shard=${part}`];
  const args = ["run", "--project", project, ...shard, "--reporter=default", "--reporter=json", report];
  return tests(name, title, tool("vitest"), args, countVitest, failuresOfVitest);
}

fs.rmSync(results, { recursive: true, force: true });
const lock = path.join(root, "package-lock.json");
const installed = path.join(root, "node_modules", ".package-lock.json");
const isInstalled = fs.existsSync(installed) && fs.statSync(installed).mtimeMs >= fs.statSync(lock).mtimeMs;
if (!isInstalled)
  await need("installing packages", () => run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]));
process.stdout.write("\n▸ known vulnerabilities, for reading: what was published today fails no change of today\n");
await run(process.execPath, ["scripts/supply/audit.mjs"]);
await need("browser, Redis and nginx", debian);
fs.rmSync(path.join(root, ".next", "types"), { recursive: true, force: true });
const built = async () =>
  (await step("format and lint", () => run(tool("biome"), ["check", "--error-on-warnings", "."]))) &&
  (await step("types", () => run(tool("tsc"), ["--noEmit"]))) &&
  (await step("build", () => run(process.execPath, ["scripts/build.mjs"])));
// Each free lane takes the next part: the long ones first, then small ones, so both end at about the same time.
const PARTS = 9;
const parts = [
  () => tests("browser", "in the browser", tool("playwright"), ["test"], countPlaywright, failuresOfPlaywright),
  () => vitest("rim", "integration on real PostgreSQL and Redis"),
  ...Array.from({ length: PARTS }, (_, index) => `${index + 1}/${PARTS}`).map(
    (part) => () => vitest("e2e", `end to end over HTTP, part ${part}`, part),
  ),
];
const lane = async () => {
  for (let part = parts.shift(); part !== undefined; part = parts.shift()) await part();
};
const whenBuilt = built();
await Promise.all([
  whenBuilt.then((isBuilt) => isBuilt && lane()),
  vitest("unit", "unit and property tests, house rules")
    .then(() => whenBuilt)
    .then((isBuilt) => isBuilt && lane()),
]);
finish();
