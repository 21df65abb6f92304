import { expect, test } from "vitest";
import { messageFromEvents } from "../forms/messages";
import { exactNumbers } from "../json/exact-numbers";
import { meterResponsesStream } from "../responses/meter";
import { ToolNames } from "./identity";
import { toolUsesOf } from "./tool-calls";

const BIG = '{"id":18446744073709551615,"at":-9223372036854775809}';
const written = (value: unknown) => exactNumbers(JSON.stringify(value));

test("a tool's input keeps its digits on the way from text to an object", () => {
  const called = { tool_calls: [{ id: "t", type: "function", function: { name: "f", arguments: BIG } }] };
  expect(written(toolUsesOf(called, new ToolNames()))).toContain(`"input":${BIG}`);
});

test("a tool's input that came in pieces keeps its digits in a whole answer", () => {
  const events = [
    { type: "message_start", message: { id: "m", content: [] } },
    { type: "content_block_start", index: 0, content_block: { type: "tool_use", id: "t", name: "f", input: {} } },
    { type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: BIG.slice(0, 20) } },
    { type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: BIG.slice(20) } },
    { type: "message_stop" },
  ];
  const text = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");
  expect(written(messageFromEvents(text))).toContain(`"input":${BIG}`);
});

test("a response that repeats a tool's schema keeps its digits in every event", () => {
  const response = `{"id":"resp_1","model":"m","tools":[{"parameters":{"maximum":18446744073709551615}}],"output":[]}`;
  const event = (type: string) =>
    `event: ${type}\ndata: {"type":"${type}","sequence_number":0,"response":${response}}\n\n`;
  const meter = meterResponsesStream({ model: "mine", outputBytesMax: 10_000 });
  const out = meter.feed(Buffer.from(event("response.created") + event("response.completed")));
  expect(Buffer.from(out).toString().split(`"maximum":18446744073709551615`)).toHaveLength(3);
});
