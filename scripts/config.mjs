#!/usr/bin/env node
import fs from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { stringify } from "yaml";
import { ask, fail, say, tellPasswords } from "./config/ask.mjs";
import { readFile } from "./config/read-file.mjs";

// Configuration as code: plans and applies a YAML file through the admin API, with the operator token.
const USAGE = `Usage: npm run config -- <command> [options]        (or: npx spillway <command> [options])

  plan   -f spillway.yaml    show what applying the file would change; exit code 2 when there is something
  apply  -f spillway.yaml    apply it; --dry-run only shows the plan
  diff  [-f spillway.yaml]   show what was edited by hand since a file was applied; exit code 2 when there is something
  export [-f spillway.yaml]  write the current configuration to a new file, or to standard output
  schema                     print the JSON schema of such files

  -f, --file FILE    the file; also what the console calls it, unless --source names it otherwise
  --source NAME      what objects are marked with
  --url URL          the installation; default SPILLWAY_URL, else http://127.0.0.1:PORT
  --at VERSION       apply only if the configuration is still at the version that a plan printed
  --take-over        manage objects from this file that another file manages
  --force            let export replace a file

The operator token is read from OPERATOR_TOKEN, else from secrets.json or demo.json in DATA_DIR.
`;

const CHANGES = 2;
const SIGNS = { create: "+", change: "~", replace: "±", remove: "-" };

function printPlan({ changes, adopted, released, others, faults, version }) {
  for (const { kind, name, act, words, drifted } of changes) {
    say(`${SIGNS[act]} ${act} ${kind} ${name}${drifted ? "   (edited since its file was applied)" : ""}`);
    for (const line of words) say(`    ${line}`);
  }
  for (const { kind, name } of released)
    say(`  ${kind} ${name} is no longer in the file: it stays, and is not managed`);
  if (adopted.length > 0) say(`  ${adopted.length} objects are as the file has them and will be marked as managed`);
  if (others.length > 0) say(`  ${others.length} objects are not in the file and stay as they are`);
  for (const fault of faults) say(`! ${fault}`);
  say(changes.length === 0 ? `No changes (version ${version}).` : `${changes.length} changes (version ${version}).`);
}

async function plan(url, body) {
  const planned = await ask(url, "POST", "config/plan", body);
  printPlan(planned);
  if (planned.faults.length > 0) fail("The file cannot be applied.");
  return planned;
}

async function apply(url, body, at) {
  const { version } = await plan(url, body);
  const done = await ask(url, "PUT", "config", { ...body, version: at ?? version });
  say(done.applied.length === 0 ? "Nothing to do." : `Applied ${done.applied.length} changes.`);
  tellPasswords(done.passwords);
}

async function diff(url, source) {
  const { drift } = await ask(url, "GET", "config/drift");
  const own = drift.filter((one) => source === null || one.source === source);
  for (const { kind, name, source: file, words } of own) {
    say(`${kind} ${name}   (${file})`);
    for (const line of words) say(`    ${line}`);
  }
  say(
    own.length === 0 ? "Nothing was edited since its file was applied." : `${own.length} objects were edited by hand.`,
  );
  return own.length;
}

async function exportTo(url, file, force) {
  const schema = "# yaml-language-server: $schema=deploy/spillway.schema.json\n";
  const text = schema + stringify(await ask(url, "GET", "config"), { lineWidth: 0, compat: "yaml-1.1" });
  if (file === undefined) {
    process.stdout.write(text);
    return;
  }
  if (fs.existsSync(file) && !force) fail(`${file} is there already. Use --force to replace it.`);
  fs.writeFileSync(file, text);
  say(`Wrote ${file}.`);
}

function options() {
  const text = { type: "string" };
  const flag = { type: "boolean", default: false };
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        ...{ file: { ...text, short: "f" }, source: text, url: text, at: text },
        ...{ "take-over": flag, "dry-run": flag, force: flag, help: { ...flag, short: "h" } },
      },
    });
  } catch (error) {
    return fail(`${error.message}\n\n${USAGE}`);
  }
}

const { positionals, values } = options();
const [command = ""] = positionals;
if (values.help || positionals.length !== 1) {
  process.stdout.write(USAGE);
  process.exit(values.help ? 0 : 1);
}
const url = (values.url ?? process.env.SPILLWAY_URL ?? `http://127.0.0.1:${process.env.PORT ?? 3000}`).replace(
  /\/+$/,
  "",
);
const source = values.source ?? (values.file === undefined ? null : path.basename(values.file));

/** The request for a file's plan or application. */
function bodyOf() {
  if (values.file === undefined) return fail("Name the file: -f spillway.yaml");
  return { file: readFile(values.file), source, takeOver: values["take-over"] };
}

if (command === "plan" || (command === "apply" && values["dry-run"])) {
  const { changes } = await plan(url, bodyOf());
  process.exitCode = changes.length === 0 ? 0 : CHANGES;
} else if (command === "apply") {
  const at = values.at === undefined ? undefined : Number(values.at);
  if (at !== undefined && !Number.isSafeInteger(at)) fail("--at takes a version number.");
  await apply(url, bodyOf(), at);
} else if (command === "diff") {
  process.exitCode = (await diff(url, source)) === 0 ? 0 : CHANGES;
} else if (command === "export") {
  await exportTo(url, values.file, values.force);
} else if (command === "schema") {
  say(JSON.stringify(await ask(url, "GET", "config/schema.json"), null, 2));
} else {
  fail(USAGE);
}
