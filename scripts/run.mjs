import { spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** The folder of package.json. */
export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** Prints each line of a stream behind a label, so that the output of parallel commands can be distinguished. */
function printLines(stream, label) {
  const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
  lines.on("line", (line) => process.stdout.write(`${label} │ ${line}\n`));
}

/**
 * Runs a command with its output shown; resolves with its exit code. Ctrl-C reaches it through the terminal.
 * With `options.label` each line of its output has the label in front.
 */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1", ...options.env };
    const stdio = options.label === undefined ? (options.stdio ?? "inherit") : ["ignore", "pipe", "pipe"];
    const child = spawn(command, args, { cwd: root, stdio, env });
    if (options.label !== undefined)
      for (const stream of [child.stdout, child.stderr]) printLines(stream, options.label);
    const pass = (signal) => child.kill(signal);
    process.on("SIGTERM", pass);
    process.on("SIGINT", pass);
    child.once("error", (error) => {
      process.stderr.write(`${command}: ${error.message}\n`);
      resolve(127);
    });
    child.once("exit", (code, signal) => {
      process.off("SIGTERM", pass);
      process.off("SIGINT", pass);
      resolve(code ?? (signal === "SIGINT" || signal === "SIGTERM" ? 130 : 1));
    });
  });
}

/** A tool out of node_modules/.bin. */
export function tool(name) {
  return path.join(root, "node_modules", ".bin", name);
}

/** Bundles TypeScript that a script runs. `entry`: esbuild's `entryPoints` or `stdin`. Returns the file to import. */
export async function bundled(name, entry) {
  const { build } = await import("esbuild");
  const outfile = path.join(root, "dist", name);
  const form = { bundle: true, platform: "node", target: "node20", format: "esm", packages: "external" };
  await build({ absWorkingDir: root, ...entry, ...form, outfile, logLevel: "warning" });
  return outfile;
}
