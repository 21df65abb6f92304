#!/usr/bin/env node
import fs from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { parse, stringify } from "yaml";
import { root } from "./run.mjs";

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
/** The server's own limit. Refused here too, because a server's early answer may be lost while a large body is sent. */
const FILE_BYTES_MAX = 16 * 1024 * 1024;
const SIGNS = { create: "+", change: "~", replace: "±", remove: "-" };

function fail(text) {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}

function say(text = "") {
  process.stdout.write(`${text}\n`);
}

function operatorToken() {
  if (process.env.OPERATOR_TOKEN) return process.env.OPERATOR_TOKEN;
  const folder = path.resolve(root, process.env.DATA_DIR ?? ".data");
  for (const name of ["secrets.json", "demo.json"]) {
    const file = path.join(folder, name);
    if (!fs.existsSync(file)) continue;
    const { operatorToken: token } = JSON.parse(fs.readFileSync(file, "utf8"));
    if (typeof token === "string") return token;
  }
  return fail("There is no operator token. Set OPERATOR_TOKEN.");
}

/** One request of the admin API. A refusal is printed with all its faults, and ends the process. */
async function ask(url, method, where, body) {
  const headers = { authorization: `Bearer ${operatorToken()}`, "content-type": "application/json" };
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  if (Buffer.byteLength(sent.body ?? "") > FILE_BYTES_MAX)
    fail(`The file is too large: as JSON it may have ${FILE_BYTES_MAX} bytes.`);
  const response = await fetch(`${url}/api/admin/${where}`, { method, headers, ...sent }).catch((error) =>
    fail(`${url} does not answer: ${error.cause?.message ?? error.message}`),
  );
  const text = await response.text();
  const isJson = /json/.test(response.headers.get("content-type") ?? "");
  if (!isJson) fail(`${url} answered ${response.status} without JSON. Is this the console's address?`);
  const answer = JSON.parse(text);
  if (response.ok) return answer;
  const faults = answer.faults ?? answer.issues?.map((issue) => `${issue.path}: ${issue.message}`) ?? [];
  for (const change of answer.applied ?? []) say(`done: ${change.act} ${change.kind} ${change.name}`);
  tellPasswords(answer.passwords ?? []);
  // Refusals before the admin API has read anything have the form of the data plane's errors.
  const why = answer.error === undefined ? `${answer.title}: ${answer.detail}` : answer.error.message;
  return fail([why, ...faults.map((fault) => `  ${fault}`)].join("\n"));
}

function readFile(file) {
  let given;
  try {
    given = parse(fs.readFileSync(file, "utf8"));
  } catch (error) {
    return fail(`${file}: ${error.message}`);
  }
  if (containsItself(given)) fail(`${file}: an alias must not contain itself.`);
  return given;
}

/** True for what YAML can say and JSON cannot: an alias inside of what it stands for. */
function containsItself(value, above = new Set()) {
  if (typeof value !== "object" || value === null) return false;
  if (above.has(value)) return true;
  above.add(value);
  const does = Object.values(value).some((member) => containsItself(member, above));
  above.delete(value);
  return does;
}

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

function tellPasswords(passwords) {
  for (const { email, password } of passwords) say(`First password of ${email}, shown once: ${password}`);
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
