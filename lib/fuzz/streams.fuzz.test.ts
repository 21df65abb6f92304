import { expect, test } from "vitest";
import { meterMessagesStream } from "@/lib/wire/anthropic/meter-stream";
import { meterChatStream } from "@/lib/wire/openai/meter-stream";
import { meterResponsesStream } from "@/lib/wire/responses/meter";
import type { StreamMeter } from "@/lib/wire/stream-meter";
import { garbled, mutated, pieces, rounds } from "./fuzz.suite";
import type { Seeded } from "./seeded.suite";

const BYTES_MAX = 20_000;
const shared = { model: "up", outputBytesMax: BYTES_MAX };
const usage = { prompt_tokens: 7, completion_tokens: 2, input_tokens: 7, output_tokens: 2 };
const chatChunk = (more: object) => ({
  id: "1",
  model: "up",
  choices: [{ index: 0, delta: { content: "a🌊" } }],
  ...more,
});

const STREAMS: readonly (readonly [name: string, events: readonly object[], make: () => StreamMeter])[] = [
  [
    "chat",
    [chatChunk({}), chatChunk({ usage }), chatChunk({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] })],
    () => meterChatStream({ ...shared, wantsUsage: true }),
  ],
  [
    "messages",
    [
      { type: "message_start", message: { id: "m", model: "up", usage } },
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "a🌊" } },
      { type: "message_delta", delta: { stop_reason: "end_turn" }, usage },
      { type: "message_stop" },
    ],
    () => meterMessagesStream(shared),
  ],
  [
    "responses",
    [
      { type: "response.created", response: { id: "r", model: "up" } },
      { type: "response.output_text.delta", delta: "a🌊" },
      { type: "response.completed", response: { id: "r", model: "up", output: [], usage } },
    ],
    () => meterResponsesStream(shared),
  ],
];

function textOf(events: readonly object[], chance: Seeded): string {
  const lines = events.map((event) => {
    const data = JSON.stringify(mutated(event, chance, chance.pick([0.01, 0.1])));
    const named = "type" in event && chance.isLikely(0.8) ? `event: ${event.type}\n` : "";
    const block = `${named}data: ${data}\n\n`;
    return chance.isLikely(0.2) ? block.replaceAll("\n", "\r\n") : block;
  });
  const extra = [": ping\n\n", "data:\n\n", "retry: 5\n\n", "\n\n\n", "data: [DONE]\n\n", "id: 9\n", "data: {\n\n"];
  return lines.flatMap((line) => (chance.isLikely(0.2) ? [line, chance.pick(extra)] : [line])).join("");
}

function play(make: () => StreamMeter, parts: readonly Uint8Array[]) {
  const meter = make();
  const out = Buffer.concat([...parts.map((part) => meter.feed(part)), meter.close()]);
  return { out: out.toString("utf8"), end: meter.end(), reading: meter.reading() };
}

test.each(STREAMS)("any %s stream is read to some end, the same however it is cut", (_name, events, make) => {
  rounds(700, (chance) => {
    const whole = new TextEncoder().encode(textOf([...events, ...events.slice(0, chance.below(3))], chance));
    const bytes = chance.isLikely(0.3) ? garbled(whole, chance) : whole;
    const once = play(make, [bytes]);
    const cut = play(make, pieces(bytes, chance));
    // Sequence numbers and the like are made of what came, never of when: all but a broken character's place is equal.
    if (bytes === whole) expect(cut).toEqual(once);
    const { reported, countedOutputTokens } = cut.reading;
    expect(Number.isSafeInteger(countedOutputTokens) && countedOutputTokens >= 0).toBe(true);
    for (const tokens of [reported?.inputTokens ?? 0, reported?.outputTokens ?? 0, reported?.cachedInputTokens ?? 0])
      expect(Number.isSafeInteger(tokens) && tokens >= 0).toBe(true);
    expect(cut.out.length).toBeLessThan(3 * BYTES_MAX);
  });
});
