import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { ELSEWHERE } from "@/e2e/corpus/elsewhere";
import { CONSOLE_ROWS } from "@/e2e/corpus/rows/console";
import { HTTP_ROWS } from "@/e2e/corpus/rows/http";
import { JSON_ROWS } from "@/e2e/corpus/rows/json";
import { KEY_ROWS, MEANING_ROWS } from "@/e2e/corpus/rows/meaning";

const ROOT = path.resolve(import.meta.dirname, "../..");
/** How many rows the corpus has: HTTP, JSON, meaning, keys, upstream answers, console. */
const SIZES = { H: 38, J: 30, S: 36, K: 18, U: 20, C: 30 };
const ALL = Object.entries(SIZES).flatMap(([letter, size]) =>
  Array.from({ length: size }, (_, index) => `${letter}-${String(index + 1).padStart(2, "0")}`),
);
const HERE = new Set([...HTTP_ROWS, ...JSON_ROWS, ...MEANING_ROWS, ...KEY_ROWS, ...CONSOLE_ROWS].map(({ id }) => id));

test("each row of the bad-input corpus is sent by the corpus, or names the test that covers it", () => {
  expect(ALL).toHaveLength(172);
  expect(ALL.filter((id) => !HERE.has(id) && ELSEWHERE[id] === undefined)).toEqual([]);
  expect(Object.keys(ELSEWHERE).filter((id) => HERE.has(id) || !ALL.includes(id))).toEqual([]);
});

test.each(Object.entries(ELSEWHERE))("%s names a test that exists", (_id, covered) => {
  if ("why" in covered) return void expect(covered.why.length).toBeGreaterThan(20);
  expect(fs.readFileSync(path.join(ROOT, covered.in), "utf8")).toContain(covered.test);
});
