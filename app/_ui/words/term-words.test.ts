import fs from "node:fs";
import { expect, test } from "vitest";
import { TERMS } from "./term-words";

test("the pages explain a word as the glossary does", () => {
  const glossary = fs.readFileSync("docs/glossary.md", "utf8");
  const rows = new Map(
    [...glossary.matchAll(/^\| ([^|]+) \| ([^|]+) \|$/gm)].map(([, word, meaning]) => [word, meaning]),
  );
  expect(Object.entries(TERMS).filter(([word, meaning]) => rows.get(word) !== meaning)).toEqual([]);
});
