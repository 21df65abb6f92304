import fs from "node:fs";
import path from "node:path";
import { root } from "../run.mjs";

/** The server's own limit. Refused here too, because a server's early answer may be lost while a large body is sent. */
const FILE_BYTES_MAX = 16 * 1024 * 1024;

export function fail(text) {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}

export function say(text = "") {
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
export async function ask(url, method, where, body) {
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

export function tellPasswords(passwords) {
  for (const { email, password } of passwords) say(`First password of ${email}, shown once: ${password}`);
}
