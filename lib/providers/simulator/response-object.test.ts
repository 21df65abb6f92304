import { describe, expect, test } from "vitest";
import { askedResponses } from "./asked";
import { responsesDialect } from "./dialects";

/** The members of a response in the schema of Open Responses, all of them required (openresponses.org). */
const MEMBERS = [
  ...["id", "object", "created_at", "completed_at", "status", "incomplete_details", "model", "previous_response_id"],
  ...["instructions", "output", "error", "tools", "tool_choice", "truncation", "parallel_tool_calls", "text", "top_p"],
  ...[
    "presence_penalty",
    "frequency_penalty",
    "top_logprobs",
    "temperature",
    "reasoning",
    "usage",
    "max_output_tokens",
  ],
  ...["max_tool_calls", "store", "background", "service_tier", "metadata", "safety_identifier", "prompt_cache_key"],
];

const whole = (body: object, ending: "stop" | "length" = "stop") =>
  responsesDialect.whole(askedResponses({ model: "sim-small", ...body }, "r1"), {
    text: "water ",
    tokens: 1,
    ending,
    usage: true,
  });

/** The response inside a stream's first and last event. */
function streamed(body: object): unknown[] {
  const asked = askedResponses({ model: "sim-small", stream: true, ...body }, "r1");
  const text = responsesDialect.start(asked) + responsesDialect.finish(asked, 1, "stop", true);
  const events = [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data ?? ""));
  return events.flatMap((event) => (event.response === undefined ? [] : [event.response]));
}

describe("a simulated response has every member of the schema", () => {
  test.each<[string, object]>([
    ["whole", whole({ input: "hi" })],
    ["whole, cut short", whole({ input: "hi", max_output_tokens: 1 }, "length")],
    ["without an input", whole({ prompt: { id: "p" } })],
    ...streamed({ input: "hi" }).map((response, at): [string, object] => [`streamed (${at})`, Object(response)]),
  ])("%s", (_name, response) => {
    expect(Object.keys(response).sort()).toEqual([...MEMBERS].sort());
  });

  test("and contains the question", () => {
    const asked = {
      instructions: "be brief",
      temperature: 0.2,
      top_p: 0.9,
      max_output_tokens: 9,
      store: false,
      metadata: { a: "b" },
      reasoning: { effort: "low" },
      previous_response_id: "resp_0",
      tool_choice: "none",
    };
    const tools = [{ type: "function", name: "f", parameters: { type: "object" } }];
    expect(whole({ input: "hi", ...asked, tools })).toMatchObject({
      ...asked,
      reasoning: { effort: "low", summary: null },
      tools: [{ type: "function", name: "f", description: null, strict: null }],
    });
  });

  test("an answer that ran into its cap is incomplete, and so is its item", () => {
    expect(whole({ input: "hi" }, "length")).toMatchObject({
      status: "incomplete",
      completed_at: null,
      incomplete_details: { reason: "max_output_tokens" },
      output: [{ type: "message", status: "incomplete" }],
    });
  });
});

test("null counts as absent", () => {
  const nulls = { temperature: null, tools: null, metadata: null, max_output_tokens: null, stream: null };
  expect(whole({ input: "hi", ...nulls })).toEqual(whole({ input: "hi" }));
});
