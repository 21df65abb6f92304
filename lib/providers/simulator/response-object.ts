import { z } from "zod";

const object = z.looseObject({});

/** Request members that a response repeats, with their defaults. */
const repeated = z.object({
  previous_response_id: z.string().nullish().default(null),
  instructions: z.string().nullish().default(null),
  tools: z.array(object).nullish().default([]),
  tool_choice: z.union([z.string(), object]).nullish().default("auto"),
  truncation: z.string().nullish().default("disabled"),
  parallel_tool_calls: z.boolean().nullish().default(true),
  text: object.nullish().default({ format: { type: "text" } }),
  top_p: z.number().nullish().default(1),
  presence_penalty: z.number().nullish().default(0),
  frequency_penalty: z.number().nullish().default(0),
  top_logprobs: z.number().nullish().default(0),
  temperature: z.number().nullish().default(1),
  reasoning: object.nullish().default({ effort: null, summary: null }),
  max_output_tokens: z.number().nullish().default(null),
  max_tool_calls: z.number().nullish().default(null),
  store: z.boolean().nullish().default(true),
  background: z.boolean().nullish().default(false),
  service_tier: z.string().nullish().default("default"),
  metadata: object.nullish().default({}),
  safety_identifier: z.string().nullish().default(null),
  prompt_cache_key: z.string().nullish().default(null),
});

/**
 * The request's values in a response: every member that the schema of Open Responses requires, whether it was sent or
 * not (openresponses.org, ResponseResource).
 */
export function repeatedMembers(body: unknown): Record<string, unknown> {
  const { tools, text, reasoning, ...rest } = repeated.parse(toldMembers(body));
  return {
    ...rest,
    tools: (tools ?? []).map((tool) =>
      tool.type === "function" ? { description: null, parameters: null, strict: null, ...tool } : tool,
    ),
    text: { format: { type: "text" }, ...text },
    reasoning: { effort: null, summary: null, ...reasoning },
  };
}

/** A body without null members: those count as absent, as at every provider. */
export function toldMembers(body: unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object.parse(body)).filter(([, value]) => value !== null));
}
