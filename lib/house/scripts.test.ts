import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");
/** Only what git has: a file that a pattern of .gitignore matches is in this folder, and in no clone of it. */
const kept = execFileSync("git", ["ls-files"], { cwd: root, encoding: "utf8" }).split("\n");

/** Files that a script imports and git does not have, as paths from the root. */
function lost({ file, text }: { file: string; text: string }): string[] {
  const standing = [...text.matchAll(/^(?:import|export)\b[^;"]*"(\.{1,2}\/[^"]+)"/gm)];
  const called = [...text.matchAll(/\bimport\(\s*"(\.{1,2}\/[^"]+)"/g)];
  return [...standing, ...called]
    .map(([, name = ""]) => path.join(path.dirname(file), name))
    .filter((target) => !kept.includes(target));
}

test("every file that a script imports is in the repository", () => {
  const scripts = kept.filter((file) => /^scripts\/.*\.mjs$/.test(file) && fs.existsSync(path.join(root, file)));
  const read = scripts.map((file) => ({ file, text: fs.readFileSync(path.join(root, file), "utf8") }));
  expect(read.length).toBeGreaterThan(20);
  expect(read.flatMap(lost)).toEqual([]);
  const planted = 'import { root } from "../run.mjs";\nawait import("./gone.mjs");';
  expect(lost({ file: "scripts/screenshots/x.mjs", text: planted })).toEqual(["scripts/screenshots/gone.mjs"]);
});

test("every file that a command of package.json runs is in the repository", () => {
  const text = fs.readFileSync(path.join(root, "package.json"), "utf8");
  const run = [...text.matchAll(/node (scripts\/[\w/-]+\.mjs)/g)].map(([, file = ""]) => file);
  expect(run.length).toBeGreaterThan(10);
  expect(run.filter((file) => !kept.includes(file))).toEqual([]);
});
