import path from "node:path";
import { pathToFileURL } from "node:url";

// Does what it is asked to by one client, and prints a line of JSON for each: run-cases.mjs PROGRAM CASES
const [, , program = "", cases = "[]"] = process.argv;
const CASE_MS = 60_000;
const { default: does } = await import(pathToFileURL(path.resolve(program)).href);

for (const { id, what, place, prompt } of JSON.parse(cases)) {
  const told = await within(does[what](place, prompt)).then(
    (text) => ({ id, text: String(text) }),
    (error) => ({ id, error: wordsOf(error) }),
  );
  process.stdout.write(`\n@@${JSON.stringify(told)}\n`);
}
process.exit(0);

function within(work) {
  const late = new Promise((_, reject) =>
    setTimeout(() => reject(new Error("no end within a minute")), CASE_MS).unref(),
  );
  return Promise.race([work, late]);
}

/** All that a client has to say of an error, and of those behind it. */
function wordsOf(error, depth = 0) {
  if (error === null || typeof error !== "object" || depth > 3) return String(error);
  const { message, status, statusCode, body, responseBody, httpResponse, lastError, cause } = error;
  const own = message === undefined ? JSON.stringify(error) : message;
  const said = [own, status ?? statusCode, typeof body === "string" ? body : undefined, responseBody];
  const inner = [httpResponse?.body, lastError, cause].filter((one) => one !== undefined);
  return [...said.filter((one) => one !== undefined), ...inner.map((one) => wordsOf(one, depth + 1))].join(" · ");
}
