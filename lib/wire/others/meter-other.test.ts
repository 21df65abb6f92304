import { expect, test } from "vitest";
import { withoutInput } from "../pair";
import { formBody } from "./form-body";
import { isPlainTranscript, OTHER_METERS } from "./meter-other";
import { parseForm } from "./parse-other";

/** A call with a sound of 8 KiB, which is held at two seconds. */
function asked(format: string, more = "") {
  const field = (name: string, value: string) =>
    `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const file = `--b\r\ncontent-disposition: form-data; name="file"; filename="a.flac"\r\n\r\n${"x".repeat(8192)}\r\n`;
  const bytes = Buffer.from(`${field("model", "m")}${field("response_format", format)}${more}${file}--b--\r\n`);
  return parseForm("transcriptions", bytes, formBody(bytes, "multipart/form-data; boundary=b"));
}
/** As a running call is read: without its input. */
const read = (format: string, answer: string) =>
  OTHER_METERS.transcriptions(Buffer.from(answer), withoutInput(asked(format)));

test("a transcript in plain text is billed by the seconds that its provider reports with it", () => {
  const answer = JSON.stringify({ text: "water", usage: { type: "duration", seconds: 61.2 } });
  expect(read("text", answer)).toMatchObject({ plain: "water\n", reading: { reported: { uses: { second: 62 } } } });
  expect(read("json", answer)?.plain).toBeUndefined();
  expect(["text", "json", "srt", "vtt"].map((format) => isPlainTranscript(asked(format)))).toEqual([
    true,
    false,
    false,
    false,
  ]);
  const streamed = '--b\r\ncontent-disposition: form-data; name="stream"\r\n\r\ntrue\r\n';
  expect(isPlainTranscript(asked("text", streamed))).toBe(false);
});

test("an answer in plain text is billed by the size of the file", () => {
  expect(read("text", "water\n")).toMatchObject({
    isBytes: true,
    reading: { reported: null, seen: { uses: { second: 2 } } },
  });
});

test.each([
  ["srt", "1\n00:00:00,000 --> 00:00:01,000\nwater\n", 2],
  ["srt", "1\n00:00:00,000 --> 00:00:01,000\nwater\n\n2\n01:00:01,000 --> 01:00:02,500\nice\n", 3603],
  ["vtt", "WEBVTT\n\n00:00.000 --> 10:01.000\nwater\n", 602],
  ["vtt", "WEBVTT\n", 2],
  ["srt", "water --> ice", 2],
])("subtitles are billed to their end at least: %s", (format, answer, second) => {
  expect(read(format, answer)?.reading.seen).toEqual({ uses: { second } });
});
