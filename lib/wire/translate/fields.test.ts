import fs from "node:fs";
import { describe, expect, test } from "vitest";
import { PublicError } from "@/lib/errors";
import { chatToMessages } from "./chat-to-messages";
import { type Direction, FIELDS, type FieldRow } from "./fields";
import { ToolNames } from "./identity";
import { DROP_HEADER, dropsIn } from "./losses";
import { messagesToChat } from "./messages-to-chat";

type Body = Readonly<Record<string, unknown>>;

const translate = (direction: Direction, body: Body, drops: readonly string[] = []) =>
  direction === "chat>messages" ? chatToMessages(body, 100, drops) : messagesToChat(body, new ToolNames(), drops);

const ask = (content: unknown = "hi", more: Body = {}): Body => ({ messages: [{ role: "user", content, ...more }] });
const FUNCTION = { type: "function", function: { name: "f", parameters: { type: "object", properties: {} } } };
const TOOL = { name: "f", input_schema: { type: "object" } };
const PNG = { type: "base64", media_type: "image/png", data: "iVBO" };
const called = (args = '{"a":1}', more: Body = {}) => ({
  messages: [
    { role: "user", content: "hi" },
    {
      role: "assistant",
      content: null,
      tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: args } }],
      ...more,
    },
    { role: "tool", tool_call_id: "c1", content: "42" },
  ],
});
const used = (result: Body) => ({
  messages: [
    { role: "user", content: "hi" },
    { role: "assistant", content: [{ type: "tool_use", id: "t1", name: "f", input: { a: 1 } }] },
    { role: "user", content: [{ type: "tool_result", tool_use_id: "t1", ...result }] },
  ],
});
const schema = { type: "object", properties: { city: { type: "string" } } };

/** What of a row's field can be lost, and what it comes to where it is carried. */
type Example = { readonly body: Body; readonly sent?: Body; readonly isRefused?: true };

const carried = (body: Body, sent: Body): Example => ({ body, sent });
const refused = (body: Body): Example => ({ body, isRefused: true });
const top = (name: string, value: unknown): Body => ({ ...ask(), [name]: value });

/** At least one for every row: carried ones with what is sent, and what of the same field is refused. */
const EXAMPLES: Readonly<Record<Direction, Readonly<Record<string, readonly Example[]>>>> = {
  "chat>messages": {
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
        messages: [
          {},
          { role: "assistant", content: [{ type: "tool_use", id: "c1", name: "f", input: { a: 1 } }] },
          {},
        ],
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
      // Earlier calls name tools that are not declared any more.
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
  },
  "messages>chat": {
    system: [
      carried(
        top("system", [
          { type: "text", text: "a" },
          { type: "text", text: "b" },
        ]),
        { messages: [{ role: "system", content: "a\nb" }, {}] },
      ),
      refused(top("system", [{ type: "image", source: PNG }])),
    ],
    messages: [carried(ask(), { messages: [{ role: "user", content: "hi" }] })],
    "messages[].content[].type": [
      carried(
        ask([
          { type: "text", text: "a" },
          { type: "image", source: PNG },
        ]),
        {
          messages: [
            {
              content: [
                { type: "text", text: "a" },
                { type: "image_url", image_url: { url: "data:image/png;base64,iVBO" } },
              ],
            },
          ],
        },
      ),
      carried(
        ask([{ type: "search_result", source: "https://a", title: "T", content: [{ type: "text", text: "heron" }] }]),
        {
          messages: [
            {
              content: [
                { type: "text", text: "Search result: T, https://a" },
                { type: "text", text: "heron" },
              ],
            },
          ],
        },
      ),
      refused(ask([{ type: "container_upload", file_id: "f" }])),
      refused({
        messages: [
          { role: "assistant", content: [{ type: "server_tool_use", id: "s", name: "web_search", input: {} }] },
        ],
      }),
    ],
    "messages[].content[].source": [
      carried(
        ask([{ type: "document", title: "T", source: { type: "text", media_type: "text/plain", data: "heron" } }]),
        {
          messages: [
            {
              content: [
                { type: "text", text: "Document: T" },
                { type: "text", text: "heron" },
              ],
            },
          ],
        },
      ),
      carried(ask([{ type: "document", source: { type: "base64", media_type: "application/pdf", data: "JVBE" } }]), {
        messages: [
          {
            content: [
              { type: "file", file: { filename: "document.pdf", file_data: "data:application/pdf;base64,JVBE" } },
            ],
          },
        ],
      }),
      carried(ask([{ type: "document", source: { type: "content", content: [{ type: "text", text: "in" }] } }]), {
        messages: [{ content: "in" }],
      }),
      refused(ask([{ type: "document", source: { type: "url", url: "https://a/b.pdf" } }])),
      refused(ask([{ type: "image", source: { type: "file", file_id: "f" } }])),
    ],
    "messages[].content[].citations": [
      refused(
        ask([
          {
            type: "document",
            citations: { enabled: true },
            source: { type: "text", media_type: "text/plain", data: "x" },
          },
        ]),
      ),
    ],
    "messages[].content[].thinking": [
      {
        body: {
          messages: [
            {
              role: "assistant",
              content: [
                { type: "thinking", thinking: "hm", signature: "s" },
                { type: "text", text: "a" },
              ],
            },
          ],
        },
      },
    ],
    "messages[].content[].tool_use": [
      carried(used({ content: "42" }), {
        messages: [
          {},
          {
            role: "assistant",
            content: null,
            tool_calls: [{ id: "t1", type: "function", function: { name: "f", arguments: '{"a":1}' } }],
          },
          {},
        ],
      }),
    ],
    "messages[].content[].tool_result": [
      carried(used({ content: [{ type: "text", text: "42" }] }), {
        messages: [{}, {}, { role: "tool", tool_call_id: "t1", content: "42" }],
      }),
      carried(used({ content: [{ type: "image", source: PNG }] }), {
        messages: [
          ...[{}, {}],
          { role: "tool", tool_call_id: "t1" },
          {
            role: "user",
            content: [
              { type: "text", text: expect.stringContaining("t1") },
              { type: "image_url", image_url: { url: "data:image/png;base64,iVBO" } },
            ],
          },
        ],
      }),
    ],
    "messages[].content[].is_error": [
      carried(used({ content: "no such file", is_error: true }), {
        messages: [{}, {}, { content: "Error: no such file" }],
      }),
    ],
    "tools[]": [
      carried(top("tools", [{ ...TOOL, description: "d" }]), {
        tools: [{ type: "function", function: { name: "f", description: "d", parameters: { type: "object" } } }],
      }),
      carried(top("tools", [{ ...TOOL, name: `mcp__${"x".repeat(70)}` }]), {
        tools: [{ function: { name: expect.stringMatching(/^[\w-]{64}$/) } }],
      }),
    ],
    "tools[].type": [refused(top("tools", [{ type: "web_search_20250305", name: "web_search" }]))],
    "tools[].strict": [carried(top("tools", [{ ...TOOL, strict: true }]), { tools: [{ function: { strict: true } }] })],
    "tools[].input_examples": [refused(top("tools", [{ ...TOOL, input_examples: [{}] }]))],
    "tools[].defer_loading": [
      { body: top("tools", [{ ...TOOL, defer_loading: true }]) },
      { body: top("tools", [{ ...TOOL, defer_loading: false }]) },
    ],
    tool_choice: [
      carried({ ...top("tools", [TOOL]), tool_choice: { type: "any" } }, { tool_choice: "required" }),
      carried({ ...top("tools", [TOOL]), tool_choice: { type: "none" } }, { tools: [{}], tool_choice: "none" }),
      carried(
        { ...top("tools", [TOOL]), tool_choice: { type: "tool", name: "f" } },
        { tool_choice: { type: "function", function: { name: "f" } } },
      ),
      refused({ ...top("tools", [TOOL]), tool_choice: { type: "some" } }),
    ],
    "tool_choice.disable_parallel_tool_use": [
      carried(
        { ...top("tools", [TOOL]), tool_choice: { type: "auto", disable_parallel_tool_use: true } },
        { parallel_tool_calls: false },
      ),
    ],
    model: [carried(top("model", "m"), { model: "m" })],
    // The sender of the body writes the cap.
    max_tokens: [carried(top("max_tokens", 7), {})],
    stream: [carried(top("stream", true), { stream: true })],
    stop_sequences: [
      carried(top("stop_sequences", ["a", "b"]), { stop: ["a", "b"] }),
      refused(top("stop_sequences", ["a", "b", "c", "d", "e"])),
    ],
    temperature: [carried(top("temperature", 0.3), { temperature: 0.3 })],
    top_p: [carried(top("top_p", 0.3), { top_p: 0.3 })],
    metadata: [
      carried(top("metadata", { user_id: "u1" }), { user: "u1" }),
      carried(top("metadata", { user_id: "u".repeat(65) }), { user: expect.stringMatching(/^[0-9a-f]{64}$/) }),
    ],
    "metadata.team": [refused(top("metadata", { user_id: "u", team: "x" }))],
    thinking: [
      carried(top("thinking", { type: "enabled", budget_tokens: 1024 }), { reasoning_effort: "low" }),
      carried(top("thinking", { type: "enabled", budget_tokens: 5000 }), { reasoning_effort: "medium" }),
      carried(top("thinking", { type: "enabled", budget_tokens: 20_000 }), { reasoning_effort: "high" }),
      carried(top("thinking", { type: "adaptive" }), {}),
    ],
    "output_config.effort": [
      carried(top("output_config", { effort: "max" }), { reasoning_effort: "xhigh" }),
      refused(top("output_config", { effort: "extreme" })),
    ],
    "output_config.format": [
      carried(top("output_config", { format: { type: "json_schema", schema } }), {
        response_format: { type: "json_schema", json_schema: { schema } },
      }),
      refused(top("output_config", { format: { type: "grammar" } })),
    ],
    output_config: [carried(top("output_config", {}), {})],
    "output_config.task_budget": [refused(top("output_config", { task_budget: { type: "tokens", total: 5 } }))],
    output_format: [
      carried(top("output_format", { type: "json_schema", schema }), { response_format: { json_schema: { schema } } }),
    ],
    service_tier: [
      carried(top("service_tier", "auto"), { service_tier: "auto" }),
      carried(top("service_tier", "standard_only"), { service_tier: "default" }),
    ],
    cache_control: [
      { body: top("cache_control", { type: "ephemeral" }) },
      { body: ask([{ type: "text", text: "a", cache_control: { type: "ephemeral" } }]) },
    ],
    context_management: [
      refused(top("context_management", { edits: [{ type: "clear_tool_uses_20250919" }] })),
      carried(top("context_management", { edits: [{ type: "clear_thinking_20251015", keep: "all" }] }), {}),
    ],
    top_k: [refused(top("top_k", 40))],
    mcp_servers: [refused(top("mcp_servers", [{ type: "url" }])), carried(top("mcp_servers", []), {})],
    container: [refused(top("container", "c"))],
    speed: [refused(top("speed", "fast")), carried(top("speed", "standard"), {})],
    inference_geo: [refused(top("inference_geo", "us"))],
    something_new: [refused(top("something_new", 1))],
  },
};

const cases = (Object.keys(EXAMPLES) as Direction[]).flatMap((direction) =>
  Object.entries(EXAMPLES[direction]).flatMap(([field, examples]) =>
    examples.map((example, at) => ({ direction, field, at, ...example })),
  ),
);
const WITHOUT_MARK = /"(cache_control|defer_loading|detail|thinking|reasoning_content|annotations)"/;

describe("every row of the table is so", () => {
  test.each(cases)("$direction $field ($at)", ({ direction, field, body, sent, isRefused }) => {
    if (isRefused === true) {
      const refusal = thrownBy(() => translate(direction, body));
      expect(refusal).toMatchObject({ code: "field_not_translatable", status: 400 });
      expect(refusal?.message).toContain(`${DROP_HEADER}: ${field}`);
      expect(refusal?.param?.replaceAll(/\.\d+/g, "[]").split(/[.[]/)[0]).toBe(field.split(/[.[]/)[0]);
      for (const drops of [[field], ["*"]]) expect(() => translate(direction, body, drops)).not.toThrow();
    } else if (sent === undefined) {
      expect(JSON.stringify(translate(direction, body))).not.toMatch(WITHOUT_MARK);
    } else expect(translate(direction, body)).toMatchObject(sent);
  });

  test("and every row is run", () => {
    const run = new Set(cases.map(({ direction, field }) => `${direction} ${field}`));
    expect(FIELDS.filter(({ direction, field }) => !run.has(`${direction} ${field}`))).toEqual([]);
    const kinds = (row: FieldRow) => cases.filter((one) => one.direction === row.direction && one.field === row.field);
    const wrong = FIELDS.filter((row) => kinds(row).some(({ isRefused }) => isRefused) !== (row.what === "refused"));
    // A field that is carried may have values that are not: those are refused with the same name.
    expect(wrong.filter(({ what }) => what !== "carried")).toEqual([]);
  });
});

function thrownBy(run: () => unknown): PublicError | null {
  try {
    run();
    return null;
  } catch (error) {
    return error instanceof PublicError ? error : null;
  }
}

test("docs/api.md has the table as it is in code", () => {
  const doc = fs.readFileSync(new URL("../../../docs/api.md", import.meta.url), "utf8");
  const lines = FIELDS.map(({ direction, field, what, becomes }) => {
    const way = direction === "chat>messages" ? "chat → Anthropic" : "messages → OpenAI";
    return `| ${way} | \`${field}\` | ${what} | ${becomes || "no counterpart"} |`;
  });
  const missing = lines.filter((line) => !doc.includes(line));
  expect(missing.join("\n")).toBe("");
});

test("names in the header are read as a list, bounded", () => {
  expect(dropsIn(" top_k ,, thinking")).toEqual(["top_k", "thinking"]);
  expect(dropsIn(undefined)).toEqual([]);
});

test("what may be dropped is dropped also where it could be carried", () => {
  const body = top("output_config", { effort: "high", format: { type: "json_schema", schema } });
  expect(translate("messages>chat", body, ["output_config.effort"])).not.toHaveProperty("reasoning_effort");
  expect(
    translate("messages>chat", { ...body, thinking: { type: "enabled", budget_tokens: 1024 } }, ["thinking"]),
  ).toMatchObject({
    reasoning_effort: "high",
  });
});
