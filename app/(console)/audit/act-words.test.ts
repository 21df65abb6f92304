import fs from "node:fs";
import { expect, test } from "vitest";
import { ACT_WORDS, actWords } from "./act-words";

/** All texts in the source that look like an action of these objects. */
const OBJECTS = new Set(Object.keys(ACT_WORDS).map((action) => action.split(".")[0]));
const inFile = (file: string) => fs.readFileSync(file, "utf8").match(/(?<=")[a-z-]+\.[a-z-]+(?=")/g) ?? [];
const RIGHTS_FILE = "lib/console/kernel/can.shared.ts";
const WRITTEN = new Set(
  fs
    .readdirSync("lib", { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !/\.(test|suite)\.ts$/.test(file) && `lib/${file}` !== RIGHTS_FILE)
    .flatMap((file) => inFile(`lib/${file}`))
    .filter((text) => OBJECTS.has(text.split(".")[0] ?? "")),
);
/** Rights, files, and changes of the policy that the audit log does not hold. */
const FILES = ["audit.csv", "counters.json", "keys.csv", "reconciliation.csv"];
const OTHERS = new Set([...inFile(RIGHTS_FILE), ...FILES, "budgets.carry", "keys.retire"]);

test("each action that the log can hold has its words, and no words are left of former ones", () => {
  const written = [...WRITTEN].filter((text) => !OTHERS.has(text));
  expect(written.length).toBeGreaterThan(50);
  expect(written.filter((action) => !(action in ACT_WORDS))).toEqual([]);
  expect(Object.keys(ACT_WORDS).filter((action) => !WRITTEN.has(action))).toEqual([]);
});

test("an unknown action stays as it is", () => expect(actWords("moons.eat")).toBe("moons.eat"));
