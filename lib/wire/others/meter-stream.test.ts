import { describe, expect, test } from "vitest";
import { asksOf } from "../asks";
import type { Call } from "../call";
import { eventText } from "../stream-meter";
import { imagesAsEvents, meterImages, meterTranscript, transcriptAsEvents } from "./meter-stream";

const call: Call = {
  endpoint: "images",
  model: "m",
  stream: true,
  wantsUsage: false,
  maxOutputTokens: null,
  choices: 2,
  user: null,
  inputTexts: [],
  messageCount: 0,
  imageCount: 0,
  asks: { ...asksOf({}), pieces: [{ fee: "second", most: 40 }] },
  body: {},
};
const options = { call, outputBytesMax: 1_000_000 };
const event = (value: Readonly<Record<string, unknown>>) => eventText(JSON.stringify(value), String(value.type));
const fed = (meter: ReturnType<typeof meterImages>, ...events: readonly string[]) => {
  const out = events.map((text) => Buffer.from(meter.feed(Buffer.from(text))).toString());
  return { out: out.join(""), end: meter.end(), reading: meter.reading() };
};
const usage = { input_tokens: 10, output_tokens: 400, total_tokens: 410 };
const partial = event({ type: "image_generation.partial_image", b64_json: "AA", partial_image_index: 0 });
const completed = event({ type: "image_generation.completed", b64_json: "AAAA", usage });

describe("a stream of pictures", () => {
  test("passes as it comes, ends with its last picture, and is billed all of them", () => {
    const { out, end, reading } = fed(meterImages(options), partial, completed, completed);
    expect([out, end]).toEqual([`${partial}${completed}${completed}`, "done"]);
    expect(reading.reported).toMatchObject({ inputTokens: 10, outputTokens: 400, uses: { image: 2 } });
  });

  test("is one that was cut while none is done, and is billed the picture that had begun", () => {
    const meter = meterImages(options);
    expect(fed(meter, partial).reading).toMatchObject({ reported: null, seen: { uses: { image: 1 } } });
    meter.close();
    expect(meter.end()).toBe("cut");
  });

  test("has come to its end when it closes behind fewer pictures than were asked for", () => {
    const meter = meterImages(options);
    fed(meter, completed, "data: [DONE]\n\n");
    expect([meter.end(), meter.reading().seen]).toEqual(["done", { uses: { image: 1 } }]);
  });

  test("may be made of a whole answer", () => {
    const text = imagesAsEvents("image_edit")({ data: [{ b64_json: "A" }, { b64_json: "B" }], usage });
    const { end, reading } = fed(meterImages(options), text);
    expect([end, reading.reported?.uses]).toEqual(["done", { image: 2 }]);
  });

  test("that says what went wrong has an error", () => {
    const { end, out } = fed(
      meterImages(options),
      partial,
      event({ type: "error", error: { message: "no", code: "x" } }),
    );
    expect([end, out]).toEqual(["upstream_error", partial]);
  });
});

describe("a streamed transcript", () => {
  const delta = event({ type: "transcript.text.delta", delta: "Water runs downhill." });

  test.each([
    [{ type: "tokens", ...usage }, { inputTokens: 10, outputTokens: 400 }, {}],
    [{ type: "duration", seconds: 12.3 }, { inputTokens: 0, outputTokens: 0 }, { second: 13 }],
  ])("ends with %o, by which it is billed", (said, tokens, uses) => {
    const done = event({ type: "transcript.text.done", text: "Water runs downhill.", usage: said });
    const { out, end, reading } = fed(meterTranscript(options), delta, done);
    expect([out, end, reading.reported?.uses ?? {}]).toEqual([`${delta}${done}`, "done", uses]);
    expect(reading.reported).toMatchObject(tokens);
  });

  test("that breaks off is billed what was held of its length, and the text so far", () => {
    const { reading, end } = fed(meterTranscript(options), delta);
    expect([end, reading.reported, reading.seen]).toEqual(["cut", null, { uses: { second: 40 } }]);
    expect(reading.countedOutputTokens).toBeGreaterThan(2);
  });

  test("may be made of a whole one", () => {
    const { end, reading } = fed(
      meterTranscript(options),
      transcriptAsEvents({ text: "Water.", usage: { type: "duration", seconds: 3 } }),
    );
    expect([end, reading.reported?.uses]).toEqual(["done", { second: 3 }]);
  });
});
