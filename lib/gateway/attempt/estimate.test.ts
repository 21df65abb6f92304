import { describe, expect, test } from "vitest";
import { asksOf } from "@/lib/wire/asks";
import type { Call } from "@/lib/wire/call";
import { estimateInputTokens } from "./estimate";

const call = (text: string, more: Partial<Call> = {}): Call => ({
  endpoint: "chat",
  model: "m",
  stream: false,
  wantsUsage: false,
  maxOutputTokens: null,
  choices: 1,
  user: null,
  inputTexts: [text],
  messageCount: 0,
  imageCount: 0,
  asks: asksOf({}),
  body: {},
  ...more,
});
const estimate = (text: string) => estimateInputTokens(call(text));

const PROSE = "The river rises in spring and the spillway lets the water pass without harm to the dam. ";
const CODE = "const x = (a, b) => a?.b ?? { ...b, c: [1, 2, 3] };\n";

/** Tokens that o200k_base makes of the text, per byte, as measured once; the estimate may be below by 1.9 times at most. */
describe("never under by more than 1.9 times", () => {
  test.each([
    ["English prose", PROSE.repeat(50), 0.16],
    ["code", CODE.repeat(50), 0.42],
    ["hex", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b".repeat(50), 0.57],
    ["base64", "TWFuIGlzIGRpc3Rpbmd1aXNoZWQsIG5vdCBvbmx5IGJ5IGhpcyByZWFzb24".repeat(50), 0.68],
    ["U+FDFD", "\ufdfd".repeat(1000), 1],
    ["tag characters", "\u{e0041}".repeat(500), 1],
  ])("%s", (_name, text, density) => {
    const truth = new TextEncoder().encode(text).byteLength * density;
    expect(estimate(text) * 1.9).toBeGreaterThanOrEqual(truth);
  });
});

/** The most that o200k_base or cl100k_base makes of these, per character, as measured once. */
describe("nor by more than twice where text is made to be cheap", () => {
  const every = (step: number, from: number, count: number, between = "") =>
    Array.from({ length: 2000 }, (_, index) => String.fromCodePoint(from + ((index * step) % count))).join(between);
  test.each([
    ["Chinese characters of any kind", every(7919, 0x4e00, 20_992), 2.35],
    ["the same with blanks between", every(7919, 0x4e00, 20_992, " "), 1.4],
    ["rare Chinese characters", every(4099, 0x3400, 6592), 2.99],
    ["Korean syllables", every(4099, 0xac00, 11_172), 2.61],
    ["Ethiopic", every(131, 0x1200, 384), 2.99],
    ["marks of two bytes", every(31, 0x300, 112), 1.99],
    ["Latin letters of two bytes", every(131, 0x100, 336), 1.9],
    ["letters with blanks between", every(7, 97, 26, " "), 0.5],
    ["letters on lines of their own", every(7, 97, 26, "\n"), 1],
    ["digits with blanks between", every(7, 48, 10, " "), 1],
    ["control characters", every(3, 1, 8), 1],
    ["white space that changes", " \t\n\r \n\t".repeat(300), 0.5],
    ["pairs of capitals", every(7, 65, 26).replace(/../g, "$& "), 0.49],
  ])("%s", (_name, text, density) => {
    expect(estimate(text) * 2).toBeGreaterThanOrEqual([...text].length * density);
  });

  test("prose costs what it did", () => {
    expect(estimate(PROSE.repeat(50))).toBe(1082);
  });
});

test("never above the bytes, which are the true cap", () => {
  for (const text of ["!!!!!!", "\ufdfd".repeat(99), "a", "日本語".repeat(40), "🌊".repeat(40)]) {
    expect(estimate(text)).toBeLessThanOrEqual(new TextEncoder().encode(text).byteLength);
  }
});

test("messages and images cost extra", () => {
  expect(estimateInputTokens(call("", { messageCount: 3, imageCount: 1 }))).toBe(3 * 8 + 3000);
});
