import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";

const root = path.resolve(import.meta.dirname, "../..");
const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { cwd: root, encoding: "utf8" })
  .split("\n")
  .filter((file) => file !== "" && fs.existsSync(path.join(root, file)));
const docs = files.filter((file) => file.endsWith(".md")).map((file) => ({ file, text: read(file) }));
const architecture = read("docs/architecture.md");

function read(file: string): string {
  return fs.readFileSync(path.join(root, file), "utf8");
}

function exists(name: string): boolean {
  return fs.existsSync(path.join(root, name));
}

/** Paths in backticks that claim to be a file or folder of this repository. */
function pathsIn(text: string): string[] {
  const named = [...text.matchAll(/`((?:lib|app|db|e2e|bench|scripts|docs)\/[\w./()[\]*-]+)`/g)];
  return named.map(([, name = ""]) => name).filter((name) => !name.includes("*"));
}

/** Relative links, without their anchors. */
function linksIn(text: string): string[] {
  const named = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, target = ""]) => target);
  return named.filter((target) => !/^[a-z]+:/.test(target));
}

test("the documents were found", () => {
  expect(docs.length).toBeGreaterThan(10);
  expect(pathsIn("see `lib/limits/gone.ts` and `lib/limits`").filter((name) => !exists(name))).toEqual([
    "lib/limits/gone.ts",
  ]);
  expect(linksIn("[a](b.md#c) [d](https://e.f)")).toEqual(["b.md"]);
});

test.each(docs)("$file names only files and links that exist", ({ file, text }) => {
  expect(pathsIn(text).filter((name) => !exists(name))).toEqual([]);
  const broken = linksIn(text).filter((target) => !exists(path.join(path.dirname(file), target)));
  expect(broken).toEqual([]);
});

test.each(docs)("$file names only npm scripts that exist", ({ text }) => {
  const { scripts } = z.object({ scripts: z.record(z.string(), z.string()) }).parse(JSON.parse(read("package.json")));
  const named = [...text.matchAll(/npm run ([a-z][\w:-]*)/g)].map(([, name = ""]) => name);
  expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
});

test("every room has one line in docs/architecture.md", () => {
  const folders = files.flatMap((file) => /^(lib\/[^/]+)\/|^(db|app)\//.exec(file)?.slice(1) ?? []);
  const rooms = [...new Set(folders)].filter((room) => room !== undefined && room !== "lib/house");
  expect(rooms.filter((room) => !architecture.includes(`\n| \`${room}\` |`))).toEqual([]);
});

test("docs/architecture.md says of every room what it may import, as the house test enforces it", () => {
  const enforced = new Map(
    [...read("lib/house/imports.test.ts").matchAll(/^ {2}"?(?:lib\/)?(\w+)"?: \[([^\]]*)\]/gm)].map(
      ([, room = "", list = ""]) => [
        room,
        [...list.matchAll(/"(?:lib\/)?(\w+)"/g)].flatMap(([, name = ""]) => (name === "leaf" ? [] : [name])).sort(),
      ],
    ),
  );
  const rows = [...architecture.matchAll(/^\| `(?:lib\/)?(\w+)` \| [^|]+ \| ([^|]+) \|$/gm)];
  const written = new Map(
    rows.map(([, room = "", list = ""]) => [
      room,
      list
        .split(", ")
        .filter((name) => /^\w{2,}$/.test(name))
        .sort(),
    ]),
  );
  written.delete("fuzz");
  written.set("money", []);
  enforced.delete("leaf");
  expect(Object.fromEntries(written)).toEqual(Object.fromEntries(enforced));
});

test("every promise in docs/architecture.md has a test of that name in that file", () => {
  const [, section = ""] = architecture.split("## What it promises");
  const rows = [...section.matchAll(/^\| [^|]+ \| ([^|]+) \| `([^`]+\.test\.ts)` \|$/gm)];
  expect(rows.length).toBe(12);
  expect(rows.filter(([, title = "", file = ""]) => !read(file).includes(`"${title}"`))).toEqual([]);
});

test("the walk of a chat call in docs/architecture.md has at most twelve stays, each in a file of its own", () => {
  const stays = [...architecture.matchAll(/^\| (\d+) \| `([^`]+)` \| [^|]+ \|$/gm)];
  expect(stays.length).toBeGreaterThan(5);
  expect(stays.map(([, place]) => Number(place))).toEqual(stays.map((_, index) => index + 1));
  expect(stays.length).toBeLessThanOrEqual(12);
  const files = stays.map(([, , file = ""]) => file);
  expect([new Set(files).size, files.filter((file) => !exists(file))]).toEqual([files.length, []]);
});

test(".env.example lists every setting of lib/env.ts and no other", () => {
  const sources = read("lib/env.ts") + read("lib/settings/oidc.ts");
  const settings = [...sources.matchAll(/^ {2}([A-Z][A-Z0-9_]+): (?:z\b|port\b)/gm)].map(([, name = ""]) => name);
  const listed = [...read(".env.example").matchAll(/^([A-Z][A-Z0-9_]+)=/gm)].map(([, name = ""]) => name);
  expect(settings.length).toBeGreaterThan(40);
  // A provider's key may have any name; the example shows one.
  expect(listed.filter((name) => !name.endsWith("_API_KEY")).sort()).toEqual(settings.sort());
});

test("docs/dependencies.md gives a reason for every dependency", () => {
  const { dependencies } = z
    .object({ dependencies: z.record(z.string(), z.string()) })
    .parse(JSON.parse(read("package.json")));
  const [table = ""] = read("docs/dependencies.md").split("For development");
  const named = new Set([...table.matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, cell = ""]) => cell.split(", ")));
  expect(Object.keys(dependencies).filter((name) => !named.has(name))).toEqual([]);
});
