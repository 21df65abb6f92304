import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");

/** Patterns that repeat a repetition and are linear: only the separator takes the character between the parts. */
const LINEAR: Readonly<Record<string, string>> = {
  "lib/providers/credential.ts": "an underscore begins each part, and no part holds one",
  "lib/providers/presets/proofs.ts": "a hyphen begins each part, and no part holds one",
  "lib/providers/trouble/room-headers.ts": "letters end each part, and its number holds none",
  "lib/wire/translate/chat-content.ts": "a semicolon begins each part, and no part holds one",
};
/** The operator's own settings, read once. */
const TRUSTED = new Set(["lib/env.ts"]);

/**
 * A repeated group that holds a repetition, as in `(a+)+`, may try exponentially many ways to divide a text that does
 * not match. One such pattern on a header or a body stops the process for everyone.
 */
function repeatsRepetition(pattern: string): boolean {
  const unbounded = /[*+]|\{\d+,\}/y;
  const isRepeatedAt = (at: number) => {
    unbounded.lastIndex = at;
    return unbounded.test(pattern);
  };
  const holds = [false];
  const note = (isRepeated: boolean) => {
    const depth = holds.length - 1;
    holds[depth] = holds[depth] === true || isRepeated;
  };
  for (const part of pattern.matchAll(/\\.|\[(?:\\.|[^\]\\])*\]|\(|\)|[^()[\\]/gsu)) {
    if (part[0] === "(") holds.push(false);
    else {
      const isRepeated = isRepeatedAt(part.index + part[0].length);
      const isHolder = part[0] === ")" && holds.pop() === true;
      if (isHolder && isRepeated) return true;
      note(isHolder || isRepeated);
    }
  }
  return false;
}

/** Literals of patterns that stand on one line. */
function patternsIn(text: string): string[] {
  const literal =
    /(?<=[\s(,!=:[?&|])\/((?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])*)\/[dgimsuvy]*/g;
  return text
    .split("\n")
    .filter((line) => !/^\s*(?:\/\/|\/?\*)/.test(line))
    .flatMap((line) => [...line.matchAll(literal)].map(([, pattern = ""]) => pattern));
}

describe("a pattern that repeats a repetition is found", () => {
  test.each([
    ["(a+)+", true],
    ["^(?:[a-z]+\\.?)*$", true],
    ["((a|b*)c?){2,}", true],
    ["(a{2,})*", true],
    ["(a+){2,3}b", false],
    ["(?:ab)+c*", false],
    ["[(a+)]+", false],
    ["\\(a+\\)+", false],
  ])("%s: %s", (pattern, isFound) => {
    expect(repeatsRepetition(pattern)).toBe(isFound);
  });
});

test("no pattern in the product repeats a repetition, except those that are known to be linear", () => {
  const listed = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "lib", "app", "db"], {
    cwd: root,
    encoding: "utf8",
  }).split("\n");
  const files = listed.filter(
    (file) => /(?<!\.test|\.suite)\.tsx?$/.test(file) && !TRUSTED.has(file) && fs.existsSync(path.join(root, file)),
  );
  const found = files.filter((file) =>
    patternsIn(fs.readFileSync(path.join(root, file), "utf8")).some(repeatsRepetition),
  );
  expect(found).toEqual(Object.keys(LINEAR));
});
