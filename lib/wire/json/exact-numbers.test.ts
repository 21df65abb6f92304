import { describe, expect, test } from "vitest";
import fc from "@/lib/fuzz/properties.suite";
import { exactNumbers, markedNumbers } from "./exact-numbers";

const through = (json: string) => exactNumbers(JSON.stringify(JSON.parse(markedNumbers(json))));

describe("a number that a double cannot hold keeps its digits", () => {
  test.each([
    '{"maximum":18446744073709551615}',
    '{"minimum":-9223372036854775808}',
    "[9007199254740993,9007199254740991,0.1,-1.5]",
    '{"x":0.12345678901234567891}',
    '{"text":"18446744073709551615 and \\"9007199254740993\\""}',
    '{"a":[{"b":12345678901234567890}],"c":"\\\\"}',
  ])("%s", (json) => {
    expect(through(json)).toBe(json);
  });

  test("also in JSON that becomes a string", () => {
    const input: unknown = JSON.parse(markedNumbers('{"id":12345678901234567890}'));
    const args = exactNumbers(JSON.stringify({ arguments: JSON.stringify(input) }));
    expect(JSON.parse(args).arguments).toBe('{"id":12345678901234567890}');
  });

  test("whatever the value is", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), fc.string(), (number, text) => {
        const json = `{"n":${number},"t":${JSON.stringify(text)}}`;
        expect(through(json)).toBe(json);
      }),
    );
  });
});

test("numbers that a double holds stay numbers", () => {
  const json = '{"a":1.0,"b":1e5,"c":1234567890123456,"d":0.1,"e":100000000000000000000,"f":-12.50}';
  expect(markedNumbers(json)).toBe(json);
});

test("text that is no JSON stays as it is", () => {
  for (const text of ['{"a":"12345678901234567890', '"\\"', "-", "1234567890123456789"]) {
    expect(exactNumbers(markedNumbers(text))).toBe(text);
  }
});

test("a million backslashes or digits beside an inexact number are read in one pass", () => {
  const json = `{"a":18446744073709551615,"b":"${"\\\\".repeat(500_000)}"}`;
  expect(exactNumbers(JSON.stringify(JSON.parse(markedNumbers(json))))).toBe(json);
  const long = `{"a":0.${"0".repeat(500_000)}1}`;
  expect(exactNumbers(JSON.stringify(JSON.parse(markedNumbers(long))))).toBe(long);
});
