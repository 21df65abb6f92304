import { expect } from "vitest";
import { ask, carried, type Example, PNG, refused, schema, TOOL, top, used } from "./shapes.suite";

/** Each field of a Messages request, translated to chat: at least one example for every row of the table. */
export const MESSAGES_EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
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
      messages: [{ role: "assistant", content: [{ type: "server_tool_use", id: "s", name: "web_search", input: {} }] }],
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
};
