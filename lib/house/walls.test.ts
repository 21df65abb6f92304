import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");
const sources = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "lib", "app", "db"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => /(?<!\.test|\.suite)\.tsx?$/.test(file) && fs.existsSync(path.join(root, file)))
  .map((file) => ({ file, text: fs.readFileSync(path.join(root, file), "utf8") }));

type Source = { readonly file: string; readonly text: string };

/** The code alone: no comments, and strings without what is in them. */
function codeOf(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*/g, "").replace(/"[^"\n]*"/g, '""');
}

function breaks(wall: (source: Source) => boolean, among: readonly Source[] = sources): string[] {
  return among.filter(wall).map(({ file }) => file);
}

/** A wall that no source breaks, and that the planted source would. */
function holds(wall: (source: Source) => boolean, planted: Source): void {
  expect(breaks(wall)).toEqual([]);
  expect(breaks(wall, [planted])).toEqual([planted.file]);
}

test("no variable is named console; a message may have a member of that name", () => {
  const named = /\b(?:const|let) console\b|[({,.]\s*console\s*[,)}]|\(console\s*:|\bconsole: Console\b/;
  const wall = ({ text }: Source) => named.test(codeOf(text));
  holds(wall, { file: "lib/console/x.ts", text: "export function f({ console, actor }: Request) {}" });
  expect(wall({ file: "x.ts", text: '// (console, as shown)\nconst message = { console: "link" };' })).toBe(false);
});

test("operators' input is parsed by the one door", () => {
  const doors = ["lib/console/api/route.ts", "lib/console/access/auth-door.ts", "lib/console/kernel/input.ts"];
  const wall = ({ file, text }: Source) =>
    file.startsWith("lib/console/") && !doors.includes(file) && /parsed\((?:\w+), (?:body|input|query)\b/.test(text);
  holds(wall, { file: "lib/console/keys/x.ts", text: "const { name } = parsed(newKey, body);" });
});
