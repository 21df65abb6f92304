import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";

/** Words that make readers stop, and what to write instead. Patterns see one file with its line breaks as spaces. */
const BANNED: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/\bwhoever\b/i, "who, or a noun: the caller, the operator"],
  [/\bof whom\b/i, "two sentences"],
  [/\bforetold\b|\bforetells?\b/i, "predicted, forecast"],
  [/\banew\b/i, "again, or: resets"],
  [/\bbesides\b/i, "also, other than, in addition to"],
  [/\breckon(?:s|ed|ing)?\b/i, "calculate, estimate"],
  [/\bmend(?:s|ed|ing)?\b/i, "fix, correct"],
  [/\bonce more\b/i, "again"],
  [/\b(?:is|are|was|were|be|been|being) told\b(?! apart)/i, "gets, is notified, says, sees"],
  [/\btold of\b/i, "notified of"],
  [/\bthat there (?:is|are|was|were)\b/i, "a noun: the newest version, all limits"],
  [/\bwhat (?:came|comes|has come) of\b/i, "a noun: the result, the outcome"],
  [/\bas far as\b/i, "up to, if, where, to the extent"],
  [/\blet(?:s|ting)? go of\b/i, "releases, frees"],
  [/\blifts? itself\b/i, "lifts automatically, expires"],
  [/\bfor (?:want|lack) of\b/i, "without, because there is no"],
  [/\bby and by\b/i, "gradually"],
  [/\ball the same\b/i, "anyway, still"],
  [/\bthe told\b|\btold (?:waits?|time)\b/i, "the announced wait, the reported reset"],
  [/\bin the place of\b/i, "replaces, instead of"],
  [/\bhears? of\b/i, "gets, learns, notices"],
  [/\bin vain\b/i, "without success, or say what fails"],
  [/\bcame to (?:lately|its own end)\b|\bcalls came to\b/i, "used, ended"],
];

/** Where nobody may stumble: what callers and operators read, and what explains the code. */
const AREAS = /^(?:[A-Z]+\.md$|docs\/|\.env\.example$|instrumentation\.ts$|(?:lib|app|db|e2e|bench|scripts)\/)/;

/** This file spells the words. */
const SELF = "lib/house/language.test.ts";
const root = path.resolve(import.meta.dirname, "../..");
const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { cwd: root, encoding: "utf8" })
  .split("\n")
  .filter((file) => AREAS.test(file) && file !== SELF && /\.(?:md|tsx?|mjs|example)$/.test(file))
  .filter((file) => fs.existsSync(path.join(root, file)));

type Stumble = { readonly found: string; readonly instead: string };

/** Every banned idiom of a text, in its surroundings; comments may break it across lines. */
function stumblesIn(text: string): Stumble[] {
  const flat = text.replace(/\s*\n\s*(?:\*|\/\/|--|#)?\s*/g, " ");
  return BANNED.flatMap(([pattern, instead]) =>
    [...flat.matchAll(new RegExp(pattern, `${pattern.flags}g`))].map(({ index }) => ({
      found: flat.slice(Math.max(0, index - 40), index + 50),
      instead,
    })),
  );
}

test("a planted idiom is found, also across the lines of a comment", () => {
  expect(stumblesIn("/**\n * The caller is\n * told to wait.\n */")).toHaveLength(1);
  expect(stumblesIn("// Whoever settles the call reckons anew.")).toHaveLength(3);
  expect(stumblesIn("The caller that settles the call calculates again.")).toEqual([]);
  expect(stumblesIn("const amended = recommend(toldOf);")).toEqual([]);
});

describe("plain English", () => {
  test.each(files)("%s", (file) => {
    expect(stumblesIn(fs.readFileSync(path.join(root, file), "utf8"))).toEqual([]);
  });
});
