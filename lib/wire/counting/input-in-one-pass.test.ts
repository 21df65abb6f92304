import { expect, test } from "vitest";
import { inputOf } from "../input-of";

/** An algorithm of quadratic time would take hours for this. */
const LINE_ENDS = "\n".repeat(1_000_000);
const hostile = `A${LINE_ENDS}!`;
const content = (part: object) => ({ messages: [{ role: "user", content: [part] }] });

test.each([
  ["a picture", { type: "image_url", image_url: { url: `data:image/png;base64,${hostile}` } }],
  ["a picture of Anthropic's", { type: "image", source: { type: "base64", media_type: "image/png", data: hostile } }],
  ["sound", { type: "input_audio", input_audio: { format: "wav", data: hostile } }],
  ["a file", { type: "file", file: { file_data: `data:application/pdf;base64,${hostile}` } }],
])("%s of a million line ends is read in one pass, and counts as text", (_name, part) => {
  expect(inputOf(content(part)).texts.some((text) => text.includes(LINE_ENDS) || text.includes("\\n"))).toBe(true);
});

test("base64 in lines is base64", () => {
  const data = `${"QUJD\r\n".repeat(1000)}QQ==\n`;
  const part = { type: "image", source: { type: "base64", media_type: "image/png", data } };
  expect(inputOf(content(part))).toEqual({ texts: [], pictures: 1 });
});
