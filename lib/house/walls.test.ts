import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";

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
  const named = /\b(?:const|let) console\b|[({,.]\s*console\s*[,)}]|\(console\s*:|\bconsole: ConsoleContext\b/;
  const wall = ({ text }: Source) => named.test(codeOf(text));
  holds(wall, { file: "lib/console/x.ts", text: "export function f({ console, actor }: Request) {}" });
  expect(wall({ file: "x.ts", text: '// (console, as shown)\nconst message = { console: "link" };' })).toBe(false);
});

test("no literal is spread: its members stand in the literal around it", () => {
  const wall = ({ file, text }: Source) => file.endsWith(".ts") && /\.\.\.\{\s*[\w"[]/.test(codeOf(text));
  holds(wall, { file: "lib/x.ts", text: "return { ...{ kind, amount }, ...rest };" });
});

test("operators' input is parsed by the one door", () => {
  const doors = ["lib/console/api/route.ts", "lib/console/access/auth-door.ts", "lib/console/kernel/input.ts"];
  const wall = ({ file, text }: Source) =>
    file.startsWith("lib/console/") && !doors.includes(file) && /parsed\((?:\w+), (?:body|input|query)\b/.test(text);
  holds(wall, { file: "lib/console/keys/x.ts", text: "const { name } = parsed(newKey, body);" });
});

/** Files that a file takes more from than types, as paths from the root without their endings. */
function valuesFrom({ file, text }: Source): string[] {
  const imports = [...text.matchAll(/^(?:import|export) (?!type\b)([^;]*?)from "([^"]+)";/gm)];
  return imports.flatMap(([, names = "", target = ""]) => {
    const [, members = null] = /^\s*\{([^}]*)\}\s*$/.exec(names) ?? [];
    const isTypes = members?.split(",").every((one) => one.trim() === "" || one.trim().startsWith("type "));
    if (isTypes === true) return [];
    return target.startsWith("@/")
      ? target.slice(2)
      : target.startsWith(".")
        ? path.join(path.dirname(file), target)
        : target;
  });
}

const byName = new Map(sources.map((source) => [source.file.replace(/\.tsx?$/, ""), source]));

/** All sources that a source brings along, itself included. */
function broughtAlong(first: Source): ReadonlySet<Source> {
  const met = new Set<Source>([first]);
  for (const source of met) for (const name of valuesFrom(source)) met.add(byName.get(name) ?? source);
  return met;
}

test("what a browser gets says so in its name, and brings nothing of the server along", () => {
  const isClient = ({ text }: Source) => /^\s*"use client"/.test(text);
  const inBrowser = new Set(sources.filter(isClient).flatMap((source) => [...broughtAlong(source)]));
  expect(inBrowser.size).toBeGreaterThan(80);
  const isOfServer = (name: string) =>
    /^(?:node:|db\/|lib\/(?:env|server|redis|ledger|gateway|admission)\b)/.test(name);
  const takesOther = (name: string) => name.startsWith("lib/") && !name.endsWith(".shared");
  const wall = (source: Source) => {
    const names = valuesFrom(source);
    return names.some(isOfServer) || (source.file.startsWith("app/") && names.some(takesOther));
  };
  expect(breaks(wall, [...inBrowser])).toEqual([]);
  const planted = { file: "app/x.tsx", text: '"use client";\nimport { a, type B } from "@/lib/console/keys/keys";' };
  expect(breaks(wall, [planted])).toEqual(["app/x.tsx"]);
});

/** Readers of one format each, which take the value apart themselves. */
const READERS = [
  "app/(console)/playground/playground.tsx",
  "app/_ui/data/api.ts",
  "app/_ui/data/live.ts",
  "app/_ui/forms/pasted.ts",
  "lib/admission/idempotency.ts",
  "lib/console/answer/kept-answers.ts",
  "lib/ledger/journal-line.ts",
  "lib/providers/usage-export.ts",
  "lib/wire/forms/tool-pieces.ts",
  "lib/wire/json/json-guard.ts",
  "lib/wire/json/object.ts",
  "lib/wire/json/raw-body.ts",
];

test("JSON text is parsed by a schema, or in the reader of its format", () => {
  const wall = ({ file, text }: Source) =>
    /(?<!\.(?:p|safeP)arse\()\bJSON\.parse\(/.test(codeOf(text)) &&
    !READERS.includes(file) &&
    !file.startsWith("lib/providers/simulator/");
  holds(wall, { file: "lib/gateway/x.ts", text: "const value = JSON.parse(text);" });
  expect(wall({ file: "lib/gateway/x.ts", text: "const value = shape.parse(JSON.parse(text));" })).toBe(false);
  const reads = (reader: string) => sources.some(({ file, text }) => file === reader && text.includes("JSON.parse("));
  expect(READERS.filter((file) => !reads(file))).toEqual([]);
});

test("a function of more than 60 lines is refused", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-house-"));
  fs.copyFileSync(path.join(root, "biome.json"), path.join(folder, "biome.json"));
  const lint = (lines: number) => {
    fs.writeFileSync(path.join(folder, "planted.ts"), `export function f() {\n${"  a();\n".repeat(lines)}}\n`);
    const args = ["lint", "--vcs-enabled=false", "planted.ts"];
    return spawnSync(path.join(root, "node_modules/.bin/biome"), args, { cwd: folder }).status;
  };
  expect([lint(55), lint(61)]).toEqual([0, 1]);
  fs.rmSync(folder, { recursive: true });
});

test("only tests and scripts may have longer functions", () => {
  const shape = z.object({ overrides: z.array(z.object({ includes: z.array(z.string()) })) });
  const { overrides } = shape.parse(JSON.parse(fs.readFileSync(path.join(root, "biome.json"), "utf8")));
  expect(overrides.map(({ includes }) => includes)).toEqual([
    ["**/*.test.ts", "**/*.spec.ts", "**/*.suite.ts", "e2e/**", "bench/**", "scripts/**"],
  ]);
});

test("days and hours have one writer on each side", () => {
  const writers = ["lib/clock.ts", "app/_ui/time/spans.ts"];
  // These rooms import no leaves, and the scripts are Lua.
  const apart = /^lib\/(?:limits|money|scarcity)\/|\.lua\.ts$|scripts\/shape\.ts$/;
  const wall = ({ file, text }: Source) =>
    !writers.includes(file) && !apart.test(file) && /\b(?:86_?400(?:_?000)?|3_?600_?000)\b/.test(codeOf(text));
  holds(wall, { file: "lib/console/x.ts", text: "const DAY_SECONDS = 86_400;" });
});
