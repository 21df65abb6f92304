import { expect, test } from "vitest";
import { parseBody, parseJson } from "./object";

const nested = (levels: number) => `${'{"a":['.repeat(levels / 2)}1${"]}".repeat(levels / 2)}`;

test("an answer that nests too deeply to be written again is not an answer", () => {
  for (const levels of [502, 5000, 200_000]) expect(parseBody(Buffer.from(nested(levels)))).toBeNull();
  expect(JSON.stringify(parseBody(Buffer.from(nested(500))))).toBe(nested(500));
});

test("brackets side by side and in texts are no levels", () => {
  const wide = JSON.stringify({ many: Array.from({ length: 2000 }, () => ({ a: [] })) });
  expect(JSON.stringify(parseJson(wide))).toBe(wide);
  const texts = JSON.stringify({ text: `\\"${"[{".repeat(2000)}\\`, more: '"'.repeat(9) });
  expect(JSON.stringify(parseJson(texts))).toBe(texts);
});
