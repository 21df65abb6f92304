import { describe, expect, test } from "vitest";
import type { Call } from "@/lib/wire/call";
import { estimateInputTokens } from "./estimate";

const call = (text: string, more: Partial<Call> = {}): Call => ({
  ...{ endpoint: "chat", model: "m", stream: false, wantsUsage: false, maxOutputTokens: null, choices: 1, user: null },
  ...{ inputTexts: [text], messageCount: 0, imageCount: 0, body: {} },
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

test("never above the bytes, which are the true cap", () => {
  for (const text of ["!!!!!!", "\ufdfd".repeat(99), "a", "日本語".repeat(40), "🌊".repeat(40)]) {
    expect(estimate(text)).toBeLessThanOrEqual(new TextEncoder().encode(text).byteLength);
  }
});

test("messages and images cost extra", () => {
  expect(estimateInputTokens(call("", { messageCount: 3, imageCount: 1 }))).toBe(3 * 8 + 3000);
});
