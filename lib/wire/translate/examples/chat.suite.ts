import { expect } from "vitest";
import { ask, called, carried, type Example, FUNCTION, PNG, refused, schema, top } from "./shapes.suite";

/** Each field of a chat request, translated to Messages: at least one example for every row of the table. */
export const CHAT_EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  messages: [
    refused({ messages: [{ role: "system", content: "alone" }] }),
    carried(
      {
        messages: [
          { role: "user", content: "a" },
          { role: "user", content: "b" },
          { role: "user", content: " " },
        ],
      },
      {
        messages: [
          {
            role: "user",
            content: [
              { type: "text", text: "a" },
              { type: "text", text: "b" },
            ],
          },
        ],
      },
    ),
    carried(
      {
        messages: [
          { role: "user", content: "a" },
          { role: "assistant", content: "so: " },
        ],
      },
      { messages: [{}, { role: "assistant", content: [{ type: "text", text: "so:" }] }] },
    ),
  ],
  "messages[].role": [
    carried({ messages: [{ role: "developer", content: "brief" }, ...(ask().messages as [])] }, { system: "brief" }),
    carried(called(), {
      messages: [{}, {}, { role: "user", content: [{ type: "tool_result", tool_use_id: "c1", content: "42" }] }],
    }),
    refused({ messages: [{ role: "function", content: "x" }] }),
  ],
  "messages[].content": [
    refused({
      messages: [
        { role: "user", content: "a" },
        { role: "assistant", content: "b" },
        { role: "user", content: "" },
        { role: "user", content: "\n" },
      ],
    }),
    carried(
      {
        messages: [
          { role: "user", content: "" },
          { role: "user", content: "a" },
        ],
      },
      { messages: [{ role: "user", content: [{ type: "text", text: "a" }] }] },
    ),
    refused({ messages: [{ role: "user", content: "  " }] }),
  ],
  "messages[].content[].type": [
    carried(
      ask([
        { type: "text", text: "a" },
        { type: "refusal", refusal: "b" },
      ]),
      {
        messages: [
          {
            content: [
              { type: "text", text: "a" },
              { type: "text", text: "b" },
            ],
          },
        ],
      },
    ),
    refused(
      ask([
        { type: "text", text: "a" },
        { type: "input_audio", input_audio: { data: "AA", format: "wav" } },
      ]),
    ),
    refused({
      messages: [
        { role: "system", content: [{ type: "image_url", image_url: { url: "https://a" } }] },
        ...(ask().messages as []),
      ],
    }),
  ],
  "messages[].content[].image_url": [
    carried(ask([{ type: "image_url", image_url: { url: "https://a/b.png" } }]), {
      messages: [{ content: [{ type: "image", source: { type: "url", url: "https://a/b.png" } }] }],
    }),
    carried(ask([{ type: "image_url", image_url: { url: "data:image/png;base64,iVBO" } }]), {
      messages: [{ content: [{ type: "image", source: PNG }] }],
    }),
  ],
  "messages[].content[].image_url.detail": [
    { body: ask([{ type: "image_url", image_url: { url: "https://a", detail: "low" } }]) },
  ],
  "messages[].content[].file": [
    carried(ask([{ type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,JVBE" } }]), {
      messages: [
        {
          content: [
            {
              type: "document",
              title: "a.pdf",
              source: { type: "base64", media_type: "application/pdf", data: "JVBE" },
            },
          ],
        },
      ],
    }),
    carried(ask([{ type: "file", file: { file_data: "data:text/plain;base64,aGVyb24=" } }]), {
      messages: [{ content: [{ type: "document", source: { type: "text", data: "heron" } }] }],
    }),
    refused(
      ask([
        { type: "text", text: "a" },
        { type: "file", file: { file_id: "file-1" } },
      ]),
    ),
  ],
  "messages[].tool_calls": [
    carried(called(), {
      messages: [{}, { role: "assistant", content: [{ type: "tool_use", id: "c1", name: "f", input: { a: 1 } }] }, {}],
    }),
    carried(called(""), { messages: [{}, { content: [{ type: "tool_use", input: {} }] }, {}] }),
    refused(called('{"a":')),
  ],
  "messages[].tool_call_id": [carried(called(), { messages: [{}, {}, { content: [{ tool_use_id: "c1" }] }] })],
  "messages[].refusal": [
    carried(
      {
        messages: [
          { role: "user", content: "a" },
          { role: "assistant", content: null, refusal: "no" },
          { role: "user", content: "b" },
        ],
      },
      {
        messages: [{}, { role: "assistant", content: [{ type: "text", text: "no" }] }, {}],
      },
    ),
  ],
  "messages[].name": [refused(ask("hi", { name: "ann" }))],
  "messages[].function_call": [refused(called("{}", { function_call: { name: "f", arguments: "{}" } }))],
  "messages[].audio": [refused(called("{}", { audio: { id: "a" } }))],
  "messages[].reasoning_content": [
    { body: called("{}", { reasoning_content: "hm", annotations: [{ type: "url_citation" }] }) },
  ],
  "tools[]": [
    carried(top("tools", [FUNCTION]), { tools: [{ name: "f", input_schema: { type: "object", properties: {} } }] }),
  ],
  "tools[].type": [refused(top("tools", [{ type: "custom", custom: { name: "f" } }]))],
  "tools[].function.strict": [
    carried(top("tools", [{ type: "function", function: { name: "f", strict: true } }]), {
      tools: [{ name: "f", strict: true }],
    }),
  ],
  tool_choice: [
    carried({ ...top("tools", [FUNCTION]), tool_choice: "required" }, { tool_choice: { type: "any" } }),
    carried(
      { ...top("tools", [FUNCTION]), tool_choice: { type: "function", function: { name: "f" } } },
      { tool_choice: { type: "tool", name: "f" } },
    ),
    carried(
      { ...top("tools", [FUNCTION]), tool_choice: "none" },
      { tools: [{ name: "f" }], tool_choice: { type: "none" } },
    ),
    // Earlier calls name tools that are no longer declared.
    carried(called(), { tools: [{ name: "f" }], tool_choice: { type: "none" } }),
    refused({ ...top("tools", [FUNCTION]), tool_choice: { type: "allowed_tools", allowed_tools: {} } }),
  ],
  parallel_tool_calls: [
    carried(
      { ...top("tools", [FUNCTION]), parallel_tool_calls: false },
      { tool_choice: { type: "auto", disable_parallel_tool_use: true } },
    ),
  ],
  model: [carried(top("model", "m"), { model: "m" })],
  max_tokens: [carried(top("max_tokens", 7), { max_tokens: 100 })],
  max_completion_tokens: [carried(top("max_completion_tokens", 7), { max_tokens: 100 })],
  stream: [carried(top("stream", true), { stream: true })],
  stream_options: [carried({ ...top("stream", true), stream_options: { include_usage: true } }, { stream: true })],
  stop: [
    carried(top("stop", "END"), { stop_sequences: ["END"] }),
    carried(top("stop", ["a", "b"]), { stop_sequences: ["a", "b"] }),
    refused(top("stop", ["a", "\n"])),
  ],
  temperature: [carried(top("temperature", 0.3), { temperature: 0.3 }), refused(top("temperature", 1.5))],
  top_p: [
    carried(top("top_p", 0.5), { top_p: 0.5 }),
    carried({ ...top("top_p", 0.5), temperature: 1 }, { top_p: 0.5 }),
    carried({ ...top("top_p", 1), temperature: 0.2 }, { temperature: 0.2 }),
    refused({ ...top("top_p", 0.5), temperature: 0.2 }),
  ],
  top_k: [carried(top("top_k", 40), { top_k: 40 })],
  response_format: [
    carried(top("response_format", { type: "json_schema", json_schema: { name: "s", schema } }), {
      output_config: { format: { type: "json_schema", schema } },
    }),
    carried(top("response_format", { type: "text" }), {}),
    refused(top("response_format", { type: "json_object" })),
  ],
  reasoning_effort: [
    carried(top("reasoning_effort", "high"), { output_config: { effort: "high" } }),
    carried(top("reasoning_effort", "minimal"), { output_config: { effort: "low" } }),
    carried(top("reasoning_effort", "none"), { thinking: { type: "disabled" } }),
    refused(top("reasoning_effort", "extreme")),
  ],
  user: [
    carried(top("user", "u1"), { metadata: { user_id: "u1" } }),
    carried(top("user", "u".repeat(300)), { metadata: { user_id: expect.stringMatching(/^[0-9a-f]{64}$/) } }),
  ],
  safety_identifier: [carried(top("safety_identifier", "s1"), { metadata: { user_id: "s1" } })],
  service_tier: [
    carried(top("service_tier", "auto"), { service_tier: "auto" }),
    carried(top("service_tier", "default"), { service_tier: "standard_only" }),
    refused(top("service_tier", "flex")),
  ],
  prediction: [{ body: top("prediction", { type: "content", content: "x" }) }],
  prompt_cache_key: [{ body: top("prompt_cache_key", "k") }],
  prompt_cache_retention: [{ body: top("prompt_cache_retention", "24h") }],
  n: [refused(top("n", 2)), carried(top("n", 1), {})],
  presence_penalty: [refused(top("presence_penalty", 0.5)), carried(top("presence_penalty", 0), {})],
  frequency_penalty: [refused(top("frequency_penalty", 0.5)), carried(top("frequency_penalty", 0), {})],
  repetition_penalty: [refused(top("repetition_penalty", 1.1)), carried(top("repetition_penalty", 1), {})],
  min_p: [refused(top("min_p", 0.1)), carried(top("min_p", 0), {})],
  logit_bias: [refused(top("logit_bias", { 5: 1 })), carried(top("logit_bias", {}), {})],
  logprobs: [refused(top("logprobs", true)), carried(top("logprobs", false), {})],
  top_logprobs: [refused(top("top_logprobs", 2)), carried(top("top_logprobs", 0), {})],
  seed: [refused(top("seed", 7))],
  metadata: [refused(top("metadata", { a: "b" })), carried(top("metadata", {}), {})],
  store: [refused(top("store", true)), carried(top("store", false), {})],
  verbosity: [refused(top("verbosity", "low")), carried(top("verbosity", "medium"), {})],
  modalities: [refused(top("modalities", ["text", "audio"])), carried(top("modalities", ["text"]), {})],
  audio: [refused(top("audio", { voice: "x" }))],
  functions: [refused(top("functions", [{ name: "f" }]))],
  function_call: [refused(top("function_call", "auto"))],
  web_search_options: [refused(top("web_search_options", {}))],
  something_new: [refused(top("something_new", 1))],
};
