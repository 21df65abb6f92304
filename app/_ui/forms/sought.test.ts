import { expect, test } from "vitest";
import { soughtIn } from "./sought";

test.each([
  ["acme", "acme"],
  ["stop acme", "acme"],
  ["  Brake  Harbour Freight ", "Harbour Freight"],
  ["stopwatch", "stopwatch"],
  ["sw_live_AbCdEf123456_…9xYz", "AbCdEf123456"],
  ["key sw_test_AbCdEf123456", "AbCdEf123456"],
])("%s looks for %s", (text, sought) => {
  expect(soughtIn(text)).toBe(sought);
});

test("the secret of a pasted key stays in the browser", () => {
  expect(soughtIn("sw_live_AbCdEf123456_verysecretverysecret")).toBe("AbCdEf123456");
});
