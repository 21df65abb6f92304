import { expect, test } from "vitest";
import { csvFile } from "./usage";

test.each([
  ["a formula", "=1+1"],
  ["one that goes on in a second line", '=HYPERLINK("//evil.test")\nx'],
  ["behind blanks", "  =1"],
  ["behind a blank that takes no room", "\ufeff=1"],
  ["behind the end of a line", "\n=1"],
  ["a plus", "+1"],
  ["a minus", "-1+cmd|' /C calc'!A0"],
  ["an at", "@SUM(1)"],
  ["in wide letters", "\uff1d1"],
])("%s is no formula for a spreadsheet", (_name, value) => {
  const { text } = csvFile("x.csv", [{ name: value }]);
  expect(text).toMatch(/^name\r\n"?'/);
});

test("what begins like nothing of that stays as it is, and so do numbers", () => {
  expect(csvFile("x.csv", [{ name: "a=b", count: -5 }]).text).toBe("name,count\r\na=b,-5\r\n");
});
