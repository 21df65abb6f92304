import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { TARGETS } from "./chaos-targets.mjs";
import { root, tool } from "./run.mjs";

// npm run chaos [-- --quick] [--only T-04,T-17] [--seed 7]: breaks the built server in every way that the targets name.
// Prints for each the promise, the measurement and the seed to repeat it. Exit code 1 when a promise is broken.
const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    seed: { type: "string" },
    list: { type: "boolean", default: false },
  },
});

const wanted = options.only?.split(",").map((id) => id.trim().toUpperCase());
const unknown = wanted?.filter((id) => !TARGETS.some((target) => target.id === id)) ?? [];
if (unknown.length > 0) {
  process.stderr.write(`No such target: ${unknown.join(", ")}. There are ${TARGETS.map(({ id }) => id).join(", ")}.\n`);
  process.exit(2);
}
const chosen = TARGETS.filter(({ id }) => wanted === undefined || wanted.includes(id));
if (options.list) {
  for (const { id, promise, runs } of chosen)
    process.stdout.write(`${id}  ${promise}${runs.length === 0 ? "  (not measured)" : ""}\n`);
  process.exit(0);
}
const needsBuild = chosen.some(({ runs }) => runs.some((run) => run.project === "e2e" || run.command?.[0] === "node"));
if (needsBuild && !fs.existsSync(path.join(root, "dist", "server.mjs"))) {
  process.stderr.write("Spillway is not built yet. Run `npm run build` first.\n");
  process.exit(2);
}

/** Runs a command and keeps its output, so that figures can be found in it. */
function printed(command, args, env) {
  return new Promise((resolve) => {
    const all = { ...process.env, NO_COLOR: "1", CI: "true", NEXT_TELEMETRY_DISABLED: "1", KEPT_LOGS: kept, ...env };
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"], env: all });
    let output = "";
    const keep = (chunk) => {
      output += chunk;
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    const stop = () => child.kill("SIGINT");
    process.once("SIGINT", stop);
    const end = (result) => {
      process.off("SIGINT", stop);
      resolve(result);
    };
    child.once("error", (error) => end({ code: 127, output: error.message }));
    child.once("close", (code) => end({ code, output }));
  });
}

/** One run of one target: whether it held, its printed figures, and why it did not hold. */
async function play(run) {
  const seed = options.seed === undefined ? {} : { SEED: options.seed };
  const env = { ...(options.quick ? run.quick : run.full), ...(run.isSeeded ? seed : {}) };
  const filter = run.name === undefined ? [] : ["-t", run.name];
  const [command, args] =
    run.command === undefined
      ? [tool("vitest"), ["run", "--project", run.project, ...run.files, ...filter]]
      : [run.command[0], run.command.slice(1)];
  const { code, output } = await printed(command, args, env);
  const tests = /^\s*Tests\s{2}(.*)/m.exec(output)?.[1] ?? "";
  // A filter without a match must not pass for a kept promise.
  const ran = run.command !== undefined || /(\d+) (?:passed|failed)/.test(tests);
  const figures = run.figure === undefined ? [] : [...output.matchAll(run.figure)].map(([line]) => line.trim());
  const counted = tests.replace(/\s*\|\s*\d+ skipped/, "").replace(/\s*\(\d+\)/, "");
  const faults = [...output.matchAll(/^\s*(?:Error|AssertionError): .*/gm)].map(([line]) => line.trim()).slice(0, 3);
  const isHeld = code === 0 && ran;
  // A test that cannot reach its target proves nothing.
  if (run.unreached?.test(output)) return { isHeld: null, said: ["what it asks could not be reached"], log: output };
  const said = isHeld ? figures : [...figures, ...(ran ? faults : ["nothing was run"])];
  return { isHeld, said: [...said, counted].filter((line) => line !== ""), log: output };
}

const logs = path.join(root, "test-results", "chaos");
/** The logs of each process of the run, with its secrets. */
const kept = path.join(logs, "processes");
fs.rmSync(kept, { recursive: true, force: true });
fs.mkdirSync(kept, { recursive: true });

/** Searches each process's log for its secrets. */
function leaks() {
  const files = fs.readdirSync(kept).map((name) => path.join(kept, name));
  const found = files.filter((file) => {
    const { secrets, logged } = JSON.parse(fs.readFileSync(file, "utf8"));
    return secrets.some((secret) => secret.length > 0 && logged.includes(secret));
  });
  const said = `secrets in the logs of ${found.length} of ${files.length} processes of this run`;
  return { isHeld: found.length === 0, said: [said, ...found] };
}
const began = Date.now();
const rows = [];
// The target that reads all logs of the run comes last.
const inOrder = [...chosen.filter(({ readsLogs }) => !readsLogs), ...chosen.filter(({ readsLogs }) => readsLogs)];
for (const target of inOrder) {
  const since = Date.now();
  process.stdout.write(`\n${target.id}  ${target.promise}\n`);
  const results = [];
  for (const [index, run] of target.runs.entries()) {
    const result = await play(run);
    fs.writeFileSync(path.join(logs, `${target.id}-${index + 1}.log`), result.log);
    for (const line of result.said) process.stdout.write(`      ${line}\n`);
    results.push(result);
  }
  if (target.readsLogs) {
    const result = leaks();
    for (const line of result.said) process.stdout.write(`      ${line}\n`);
    results.push(result);
  }
  const measured = results.filter(({ isHeld }) => isHeld !== null);
  const isHeld = measured.every((result) => result.isHeld);
  const verdict = measured.length === 0 ? "not measured" : isHeld ? "held" : "NOT HELD";
  if (target.lacks !== undefined) process.stdout.write(`      not measured: ${target.lacks}\n`);
  const seconds = Math.round((Date.now() - since) / 1000);
  process.stdout.write(`      ${verdict} in ${seconds} s\n`);
  rows.push({ target: target.id, promise: target.promise, verdict, seconds });
}

process.stdout.write("\n");
for (const { target, verdict, seconds, promise } of rows.sort((one, other) => (one.target < other.target ? -1 : 1)))
  process.stdout.write(`${target}  ${verdict.padEnd(12)}  ${String(seconds).padStart(5)} s  ${promise}\n`);
const broken = rows.filter(({ verdict }) => verdict === "NOT HELD").length;
const seeds = options.seed === undefined ? "each test's own seed" : `seed ${options.seed}`;
process.stdout.write(
  `\n${rows.length} targets, ${broken} not held, ${Math.round((Date.now() - began) / 60_000)} min, ${seeds}; logs in test-results/chaos\n`,
);
process.exit(broken === 0 ? 0 : 1);
