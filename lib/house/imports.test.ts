import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";

/** Which rooms each room may import from. Leaves are the single files of lib: env, errors, clock, log. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "lib/money": [],
  "lib/limits": ["lib/money"],
  "lib/scarcity": ["lib/limits"],
  "lib/policy": ["lib/money", "lib/limits", "lib/providers", "db", "leaf"],
  "lib/admission": ["lib/limits", "lib/redis", "leaf"],
  "lib/quota": ["lib/limits", "lib/policy", "lib/admission", "leaf"],
  "lib/redis": ["leaf"],
  "lib/wire": ["lib/money", "leaf"],
  "lib/providers": ["lib/money", "leaf"],
  "lib/ledger": ["lib/money", "lib/limits", "lib/wire", "db", "leaf"],
  "lib/gateway": [
    "lib/money",
    "lib/limits",
    "lib/scarcity",
    "lib/policy",
    "lib/admission",
    "lib/quota",
    "lib/wire",
    "lib/providers",
    "lib/ledger",
    "db",
    "leaf",
  ],
  "lib/alerts": ["lib/money", "lib/providers", "db", "leaf"],
  "lib/audit": ["db", "leaf"],
  "lib/console": [
    "lib/audit",
    "lib/money",
    "lib/limits",
    "lib/scarcity",
    "lib/policy",
    "lib/admission",
    "lib/quota",
    "lib/wire",
    "lib/providers",
    "lib/alerts",
    "db",
    "leaf",
  ],
  "lib/telemetry": ["db", "leaf"],
  "lib/jobs": ["lib/policy", "lib/console", "lib/alerts", "db", "leaf"],
  "lib/server": [
    "lib/jobs",
    "lib/audit",
    "lib/scarcity",
    "lib/policy",
    "lib/admission",
    "lib/providers",
    "lib/ledger",
    "lib/gateway",
    "lib/console",
    "lib/alerts",
    "lib/redis",
    "lib/telemetry",
    "db",
    "leaf",
  ],
  app: ["lib/gateway", "lib/console"],
  db: ["lib/money", "lib/limits", "leaf"],
  "lib/settings": ["leaf"],
  leaf: ["leaf", "lib/settings"],
};

const LINES_MAX = 350;
const LINES_MEDIAN_MAX = 80;
const LINES_P90_MAX = 200;
const FILES_PER_FOLDER_MAX = 15;
const root = path.resolve(import.meta.dirname, "../..");
const everything = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { cwd: root, encoding: "utf8" })
  .split("\n")
  .filter((file) => file !== "" && fs.existsSync(path.join(root, file)));
const files = everything.filter((file) => /^(lib|app|db)\/.*\.tsx?$/.test(file));
const sources = files.map((file) => ({ file, text: fs.readFileSync(path.join(root, file), "utf8") }));
const production = sources.filter(({ file }) => !/\.(test|suite)\.tsx?$/.test(file));

function roomOf(file: string): string {
  const [top = "", second = "", ...rest] = file.split("/");
  if (top !== "lib") return top;
  return rest.length === 0 ? "leaf" : `lib/${second}`;
}

/** Files that a file imports or re-exports, as paths from the root. */
function importsOf({ file, text }: { file: string; text: string }): string[] {
  const named = [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((match) => match[1] ?? "");
  return named.flatMap((name) => {
    // What it is called and which release it is, it may know anywhere.
    if (name === "@/package.json") return [];
    if (name.startsWith("@/")) return [name.slice(2)];
    return name.startsWith(".") ? [path.join(path.dirname(file), name)] : [];
  });
}

test("the house was found", () => {
  expect(files.length).toBeGreaterThan(80);
});

describe("imports keep to the house", () => {
  test.each(production)("$file", (source) => {
    const room = roomOf(source.file);
    const allowed = MAY_IMPORT[room];
    const wrong = importsOf(source).filter((target) => roomOf(target) !== room && !allowed?.includes(roomOf(target)));
    expect(wrong).toEqual([]);
  });
});

test("a wrong edge is noticed", () => {
  const bad = { file: "lib/limits/x.ts", text: 'import { a } from "@/lib/gateway/a";\nexport * from "../../db/b";' };
  expect(importsOf(bad).map(roomOf)).toEqual(["lib/gateway", "db"]);
  expect(MAY_IMPORT["lib/limits"]).not.toContain("lib/gateway");
});

test("there are no cycles between files", () => {
  const known = new Map(production.map((source) => [source.file.replace(/\.tsx?$/, ""), importsOf(source)]));
  const done = new Set<string>();
  const walk = (file: string, trail: readonly string[]): void => {
    if (trail.includes(file)) throw new Error(`cycle: ${[...trail.slice(trail.indexOf(file)), file].join(" → ")}`);
    if (done.has(file)) return;
    for (const next of known.get(file) ?? []) walk(next, [...trail, file]);
    done.add(file);
  };
  expect(() => [...known.keys()].forEach((file) => void walk(file, []))).not.toThrow();
});

test("only routes and their caller import the whole gateway: every other step names what it uses", () => {
  const knows = (source: { file: string; text: string }) => importsOf(source).includes("lib/gateway/gateway");
  const outside = /^lib\/gateway\/(?!routes\/|current-gateway\.ts$)/;
  expect(production.filter((source) => outside.test(source.file) && knows(source)).map(({ file }) => file)).toEqual([]);
  expect(knows({ file: "lib/gateway/running/x.ts", text: 'import type { Gateway } from "../gateway";' })).toBe(true);
});

test("no file is longer than 350 lines, tests included, and most are short", () => {
  const code = everything.filter((file) => /\.(tsx?|mjs)$/.test(file) && !/__fixtures__|^db\/migrations\//.test(file));
  const lines = code.map((file) => ({
    file,
    count: fs.readFileSync(path.join(root, file), "utf8").split("\n").length - 1,
  }));
  expect(lines.filter(({ count }) => count > LINES_MAX)).toEqual([]);
  const counts = lines.map(({ count }) => count).sort((left, right) => left - right);
  const at = (share: number) => counts[Math.floor(counts.length * share)];
  expect(at(0.5)).toBeLessThanOrEqual(LINES_MEDIAN_MAX);
  expect(at(0.9)).toBeLessThanOrEqual(LINES_P90_MAX);
});

test("no file is a barrel", () => {
  expect(files.filter((file) => /\/index\.tsx?$/.test(file))).toEqual([]);
});

test("no folder holds more than 15 files", () => {
  const held = new Map<string, number>();
  // The migrations are generated into one folder, one file per change.
  for (const file of everything.filter((file) => !file.startsWith("db/migrations/"))) {
    held.set(path.dirname(file), (held.get(path.dirname(file)) ?? 0) + 1);
  }
  // Tools look for their settings at the root.
  held.delete(".");
  expect([...held].filter(([, count]) => count > FILES_PER_FOLDER_MAX)).toEqual([]);
});

test("only env reads the environment, only db speaks SQL, nobody casts a type away", () => {
  const those = (pattern: RegExp) => production.filter(({ text }) => pattern.test(text)).map(({ file }) => file);
  expect(those(/process\.env/)).toEqual(["lib/env.ts"]);
  expect(those(/from "(drizzle-orm|pg)["/]/).filter((file) => !file.startsWith("db/"))).toEqual([]);
  const casts = /\bas (?!const\b)(unknown|any|never|string|number|[A-Z])/;
  const code = (text: string) =>
    text.replace(/\/\*[\s\S]*?\*\/|\/\/.*|"[^"]*"|`[^`]*`|>[^<{]*<|^import .*|^(im|ex)port \{[^}]*\}/gm, "");
  expect(
    production.filter(({ text }) => casts.test(code(text)) || /sql\.raw|@ts-/.test(text)).map(({ file }) => file),
  ).toEqual([]);
});

test("the pure core awaits nothing and reaches for no clock, chance or environment", () => {
  const core = production.filter(({ file }) => file.startsWith("lib/limits/"));
  const impure = /\bawait\b|\basync\b|\bDate\b|Math\.random|process\.|performance\.|fetch\(/;
  const code = (text: string) => text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
  expect(core.filter(({ text }) => impure.test(code(text))).map(({ file }) => file)).toEqual([]);
});
