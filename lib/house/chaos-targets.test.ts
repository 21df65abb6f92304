import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { z } from "zod";

const ROOT = path.resolve(import.meta.dirname, "../..");
const endings = { unit: ".test.ts", rim: ".rim.test.ts", e2e: ".e2e.test.ts" };
const run = z.union([
  z.object({ project: z.enum(["unit", "rim", "e2e"]), files: z.array(z.string()).min(1) }),
  z.object({ command: z.array(z.string()).min(1) }),
]);
const targets = z.array(
  z.object({ id: z.string(), promise: z.string(), runs: z.array(run), lacks: z.string().optional() }),
);
const loaded = await import(pathToFileURL(path.join(ROOT, "scripts", "chaos-targets.mjs")).href);
const TARGETS = targets.parse(loaded.TARGETS);

test("every target of the specification is listed, and is measured or says why it is not", () => {
  expect(TARGETS.map(({ id }) => id)).toEqual(
    Array.from({ length: 20 }, (_, index) => `T-${String(index + 1).padStart(2, "0")}`),
  );
  for (const { id, runs, lacks } of TARGETS) expect([id, runs.length > 0 || lacks !== undefined]).toEqual([id, true]);
});

test.each(TARGETS)("$id names tests that exist", ({ runs }) => {
  const files = runs.flatMap((one) =>
    "files" in one ? one.files.map((file) => ({ file, ending: endings[one.project] })) : [],
  );
  for (const { file, ending } of files) {
    const folder = fs.existsSync(path.join(ROOT, file)) ? file : path.dirname(file);
    const found = fs
      .readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .map((name) => path.join(folder, name))
      .filter((name) => name.startsWith(file) && name.endsWith(ending));
    expect([file, found.length > 0]).toEqual([file, true]);
  }
});
