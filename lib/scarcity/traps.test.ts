import fs from "node:fs";
import { expect, test } from "vitest";

const TABLE = /^\| [^|]+ \| `([^`]+)`: ([^|]+) \|$/gm;

test("each fault of other systems that the guide lists has its test", () => {
  const rows = [...fs.readFileSync("docs/scarcity.md", "utf8").matchAll(TABLE)];
  expect(rows.length).toBeGreaterThan(10);
  const missing = rows.filter(([, file = "", name = ""]) => !fs.readFileSync(file, "utf8").includes(name));
  expect(missing.map(([row]) => row)).toEqual([]);
});
