import fs from "node:fs";
import path from "node:path";
import type { Came } from "../fixtures/scripted";

/** A request as an agent sent it, its prose cut short. */
export type Recorded = {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
};

const folder = path.join(import.meta.dirname, "__fixtures__");
/** Every member and every block stays; what is said at length in them is the vendor's. */
const TEXT_CHARS_MAX = 64;
/** Of the connection, not of the agent. */
const NOT_KEPT: ReadonlySet<string> = new Set([
  ...["host", "content-length", "connection", "authorization", "x-api-key", "accept-encoding"],
]);

/** What the agents sent when they were last run, by name. */
export function recordings(): readonly { readonly name: string; readonly requests: readonly Recorded[] }[] {
  return fs.readdirSync(folder).map((file) => ({
    name: path.basename(file, ".json"),
    requests: JSON.parse(fs.readFileSync(path.join(folder, file), "utf8")),
  }));
}

/** Writes down the first call of a run and the last one, which holds all that was said before it. */
export function record(agent: string, came: readonly Came[]): void {
  const ends = [came.find(({ text }) => text.includes('"tools"')), came.at(-1)].flatMap((one) => one ?? []);
  const requests = ends.map(({ path: target, headers, text }): Recorded => {
    const kept = Object.entries(headers).filter(([name]) => !NOT_KEPT.has(name));
    return {
      path: target,
      headers: Object.fromEntries(kept.map(([name, value]) => [name, String(value)])),
      body: JSON.parse(text, (_name, value) => (typeof value === "string" ? cut(value) : value)),
    };
  });
  fs.mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${agent.replace(/\W+/g, "-")}.json`);
  fs.writeFileSync(file, `${JSON.stringify(requests, null, 1)}\n`);
}

/** JSON inside of a text (arguments of tools, a client's metadata) stays as it is. */
function cut(text: string): string {
  return text.length <= TEXT_CHARS_MAX || /^[{[]/.test(text) ? text : `${text.slice(0, TEXT_CHARS_MAX)}…`;
}
