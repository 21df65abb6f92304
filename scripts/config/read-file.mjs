import fs from "node:fs";
import { parse } from "yaml";
import { fail } from "./ask.mjs";

/** A configuration file's content. Ends the process with one sentence if it cannot be read. */
export function readFile(file) {
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
