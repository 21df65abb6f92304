/** The two wire formats between which a body is translated. */
export type Direction = "chat>messages" | "messages>chat";

/**
 * How one member of a body is translated. `carried`: it arrives, as `becomes` says. `unneeded`: it is left out, and the
 * answer is the same without it. `refused`: it has no counterpart, and the call is refused with its name unless its
 * caller allows to drop it. `[]` in a name stands for any item.
 */
export type FieldRow = {
  readonly direction: Direction;
  readonly field: string;
  readonly what: "carried" | "unneeded" | "refused";
  readonly becomes: string;
};

const CHAT: readonly Omit<FieldRow, "direction">[] = [
  {
    field: "messages",
    what: "carried",
    becomes: "`messages`; neighbours of one role become one, blank text is left out",
  },
  {
    field: "messages[].role",
    what: "carried",
    becomes: "system and developer: `system`, in front; tool: a `tool_result` of the user's; others are refused",
  },
  {
    field: "messages[].content[].type",
    what: "carried",
    becomes: "text, refusal, image_url, file; any other is refused",
  },
  { field: "messages[].content[].image_url", what: "carried", becomes: "an `image`, by its data or its address" },
  { field: "messages[].content[].image_url.detail", what: "unneeded", becomes: "Anthropic looks at all of a picture" },
  {
    field: "messages[].content[].file",
    what: "carried",
    becomes: "a `document`: PDF or plain text in `file_data`; a `file_id` or another type is refused",
  },
  { field: "messages[].tool_calls", what: "carried", becomes: "`tool_use`; arguments that are no object are refused" },
  { field: "messages[].tool_call_id", what: "carried", becomes: "`tool_use_id`" },
  { field: "messages[].refusal", what: "carried", becomes: "text" },
  { field: "messages[].name", what: "refused", becomes: "Anthropic knows no names of participants" },
  { field: "messages[].function_call", what: "refused", becomes: "send `tool_calls`" },
  { field: "messages[].audio", what: "refused", becomes: "Anthropic takes no sound" },
  {
    field: "messages[].reasoning_content",
    what: "unneeded",
    becomes: "earlier thinking is its model's own (`reasoning`, `reasoning_details`, `annotations` likewise)",
  },
  { field: "tools[]", what: "carried", becomes: "functions: `tools` with `input_schema`; other types are refused" },
  { field: "tools[].function.strict", what: "carried", becomes: "`strict`" },
  {
    field: "tool_choice",
    what: "carried",
    becomes:
      "`auto`, `any`, `tool`, `none`; other forms are refused. With `none` the tools stay, as earlier calls name them",
  },
  { field: "parallel_tool_calls", what: "carried", becomes: "`disable_parallel_tool_use`" },
  { field: "model", what: "carried", becomes: "the provider's name of it" },
  { field: "max_tokens", what: "carried", becomes: "`max_tokens`" },
  { field: "max_completion_tokens", what: "carried", becomes: "`max_tokens`" },
  { field: "stream", what: "carried", becomes: "`stream`" },
  { field: "stream_options", what: "carried", becomes: "usage at the end of the stream" },
  { field: "stop", what: "carried", becomes: "`stop_sequences`; a blank one is refused" },
  { field: "temperature", what: "carried", becomes: "`temperature`; above 1 it is refused" },
  {
    field: "top_p",
    what: "carried",
    becomes: "`top_p`; with a `temperature` other than 1 it is refused, as Anthropic takes one of them; 1 is left out",
  },
  { field: "top_k", what: "carried", becomes: "`top_k`" },
  {
    field: "response_format",
    what: "carried",
    becomes: "`json_schema`: `output_config.format`; `json_object` is refused",
  },
  {
    field: "reasoning_effort",
    what: "carried",
    becomes: "`output_config.effort` (`minimal` is `low`); `none` is `thinking: disabled`",
  },
  { field: "user", what: "carried", becomes: "`metadata.user_id`; more than 256 characters as their SHA-256" },
  { field: "safety_identifier", what: "carried", becomes: "`metadata.user_id` when there is no `user`" },
  { field: "service_tier", what: "carried", becomes: "`auto`, and `default` as `standard_only`; others are refused" },
  { field: "prediction", what: "unneeded", becomes: "it only saves time" },
  { field: "prompt_cache_key", what: "unneeded", becomes: "it only saves money" },
  { field: "prompt_cache_retention", what: "unneeded", becomes: "it only saves money" },
  { field: "n", what: "refused", becomes: "1 is left out" },
  { field: "presence_penalty", what: "refused", becomes: "0 is left out" },
  { field: "frequency_penalty", what: "refused", becomes: "0 is left out" },
  { field: "repetition_penalty", what: "refused", becomes: "1 is left out" },
  { field: "min_p", what: "refused", becomes: "0 is left out" },
  { field: "logit_bias", what: "refused", becomes: "an empty one is left out" },
  { field: "logprobs", what: "refused", becomes: "`false` is left out" },
  { field: "top_logprobs", what: "refused", becomes: "0 is left out" },
  { field: "seed", what: "refused", becomes: "" },
  { field: "metadata", what: "refused", becomes: "an empty one is left out" },
  { field: "store", what: "refused", becomes: "`false` is left out" },
  { field: "verbosity", what: "refused", becomes: "`medium` is left out" },
  { field: "modalities", what: "refused", becomes: "text alone is left out" },
  { field: "audio", what: "refused", becomes: "" },
  { field: "functions", what: "refused", becomes: "send `tools`" },
  { field: "function_call", what: "refused", becomes: "send `tool_choice`" },
  { field: "web_search_options", what: "refused", becomes: "" },
];

const MESSAGES: readonly Omit<FieldRow, "direction">[] = [
  { field: "system", what: "carried", becomes: "a system message; anything but text is refused" },
  { field: "messages", what: "carried", becomes: "`messages`" },
  {
    field: "messages[].content[].type",
    what: "carried",
    becomes: "text, image, document, search_result, tool_use, tool_result; any other is refused",
  },
  {
    field: "messages[].content[].source",
    what: "carried",
    becomes:
      "images by data or address; documents as text, or a PDF by its data as a `file`; a `file_id`, or a PDF's address, is refused",
  },
  { field: "messages[].content[].citations", what: "refused", becomes: "when they are asked for" },
  { field: "messages[].content[].thinking", what: "unneeded", becomes: "earlier thinking is its model's own" },
  { field: "messages[].content[].tool_use", what: "carried", becomes: "`tool_calls`" },
  {
    field: "messages[].content[].tool_result",
    what: "carried",
    becomes: "a message of role tool; its pictures and documents follow in one of the user's",
  },
  { field: "messages[].content[].is_error", what: "carried", becomes: "`Error: ` before the result" },
  {
    field: "tools[]",
    what: "carried",
    becomes:
      "functions; a name of more than 64 characters is shortened, and is whole again in the answer; the provider's own tools are refused",
  },
  { field: "tools[].strict", what: "carried", becomes: "`function.strict`" },
  { field: "tools[].input_examples", what: "refused", becomes: "" },
  { field: "tools[].defer_loading", what: "unneeded", becomes: "the tool is there from the start" },
  { field: "tool_choice", what: "carried", becomes: "`auto`, `required`, the function, `none`" },
  { field: "tool_choice.disable_parallel_tool_use", what: "carried", becomes: "`parallel_tool_calls: false`" },
  { field: "model", what: "carried", becomes: "the provider's name of it" },
  { field: "max_tokens", what: "carried", becomes: "`max_tokens` or `max_completion_tokens`" },
  { field: "stream", what: "carried", becomes: "`stream`; the start tells an estimate of the input" },
  { field: "stop_sequences", what: "carried", becomes: "`stop`; more than four are refused" },
  { field: "temperature", what: "carried", becomes: "`temperature`" },
  { field: "top_p", what: "carried", becomes: "`top_p`" },
  {
    field: "metadata",
    what: "carried",
    becomes: "`user`: `user_id`, more than 64 characters as their SHA-256; other members are refused",
  },
  {
    field: "thinking",
    what: "carried",
    becomes:
      "`reasoning_effort`: to 2,048 tokens low, to 8,192 medium, above high; `adaptive` and `disabled` leave it to the model",
  },
  { field: "output_config.effort", what: "carried", becomes: "`reasoning_effort` (`max` is `xhigh`)" },
  { field: "output_config.format", what: "carried", becomes: "`response_format`" },
  { field: "output_config", what: "carried", becomes: "members other than those two are refused" },
  { field: "output_format", what: "carried", becomes: "`response_format`" },
  { field: "service_tier", what: "carried", becomes: "`auto`, and `standard_only` as `default`" },
  { field: "cache_control", what: "unneeded", becomes: "at any place: it only saves money" },
  {
    field: "context_management",
    what: "refused",
    becomes: "clearing of earlier thinking is left out, as that is not sent",
  },
  { field: "top_k", what: "refused", becomes: "" },
  { field: "mcp_servers", what: "refused", becomes: "an empty list is left out" },
  { field: "container", what: "refused", becomes: "" },
  { field: "speed", what: "refused", becomes: "`standard` is left out" },
  { field: "inference_geo", what: "refused", becomes: "" },
];

/** Every member that a translation knows. Any other member is refused. */
export const FIELDS: readonly FieldRow[] = [
  ...CHAT.map((row) => ({ ...row, direction: "chat>messages" as const })),
  ...MESSAGES.map((row) => ({ ...row, direction: "messages>chat" as const })),
];
