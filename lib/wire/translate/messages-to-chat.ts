import { PublicError } from "@/lib/errors";
import { own } from "@/lib/money/own";
import { isObject, listOf, member, textOf } from "../json/object";
import { shortUser, type ToolNames } from "./identity";
import { type Drops, Losses, type OnDropped, saysNothing } from "./losses";
import { messagesOf, textOfBlocks } from "./messages-content";

const USER_CHARS_MAX = 64;
const STOPS_MAX = 4;

/**
 * A body of Anthropic's messages as one of OpenAI's chat completions, by the table of fields. Throws PublicError. Adds
 * shortened names of tools to `names`, for the answer.
 */
export function messagesToChat(
  asked: Readonly<Record<string, unknown>>,
  names: ToolNames,
  drops: Drops,
  onDropped?: OnDropped,
): Record<string, unknown> {
  const losses = new Losses("messages>chat", drops, onDropped);
  // The content of a thread is not here: dropping the member would lose the conversation.
  if (member(asked.thread, "type") === "continue") throw noThread("thread_not_found");
  const body = losses.without(asked);
  if (isObject(body.thread)) throw noThread("thread_unsupported_request");
  losses.checkTop(body, NOTHING);
  const system = systemOf(body.system, losses);
  const stops = listOf(body.stop_sequences);
  if (stops.length > STOPS_MAX) losses.lose("stop_sequences");
  const turns = listOf(body.messages).flatMap((message, at) =>
    isObject(message) ? messagesOf(message, `messages.${at}`, { losses, names }) : [],
  );
  return {
    model: body.model,
    messages: [...(system === "" ? [] : [{ role: "system", content: system }]), ...turns],
    ...(body.stream === true ? { stream: true } : {}),
    ...(typeof body.temperature === "number" ? { temperature: body.temperature } : {}),
    ...(typeof body.top_p === "number" ? { top_p: body.top_p } : {}),
    ...(stops.length > 0 ? { stop: stops.slice(0, STOPS_MAX) } : {}),
    ...userOf(body.metadata, losses),
    ...toolsOf(body, names, losses),
    ...effortOf(body, losses),
    ...formatOf(body, losses),
    ...tierOf(body.service_tier, losses),
  };
}

/** Anthropic's clients know these codes, and then send the whole conversation. */
function noThread(code: "thread_not_found" | "thread_unsupported_request"): PublicError {
  const message =
    "The requested model is served by OpenAI's chat completions, which have no threads. Send the whole conversation without thread.";
  return new PublicError(code, message, { param: "thread" });
}

/** Values that mean the same as absence, for members without a counterpart. */
const NOTHING: Readonly<Record<string, (value: unknown) => boolean>> = {
  mcp_servers: saysNothing,
  speed: (value) => value === "standard",
  context_management: (value) =>
    listOf(member(value, "edits")).every((edit) => textOf(member(edit, "type")).startsWith("clear_thinking")),
};

function systemOf(system: unknown, losses: Losses): string {
  if (typeof system === "string") return system;
  const blocks = listOf(system).filter(isObject);
  const other = blocks.findIndex((block) => block.type !== "text");
  if (other >= 0) losses.lose(`system.${other}.type`, "system");
  return textOfBlocks(blocks, "\n");
}

function userOf(metadata: unknown, losses: Losses): Record<string, unknown> {
  if (!isObject(metadata)) return {};
  losses.loseOthers(metadata, new Set(["user_id"]), { path: "metadata", field: "metadata" });
  const user = textOf(metadata.user_id);
  return user === "" ? {} : { user: shortUser(user, USER_CHARS_MAX) };
}

function tierOf(tier: unknown, losses: Losses): Record<string, unknown> {
  if (tier === "standard_only") return { service_tier: "default" };
  if (!saysNothing(tier) && tier !== "auto") losses.lose("service_tier");
  return tier === "auto" ? { service_tier: "auto" } : {};
}

const LOW_BUDGET = 2048;
const MEDIUM_BUDGET = 8192;
const EFFORTS: Readonly<Record<string, string>> = {
  low: "low",
  medium: "medium",
  high: "high",
  xhigh: "xhigh",
  max: "xhigh",
};

/** Effort by its own name, else from the tokens that thinking may use. */
function effortOf(body: Readonly<Record<string, unknown>>, losses: Losses): Record<string, unknown> {
  const asked = member(body.output_config, "effort");
  const effort = own(EFFORTS, textOf(asked));
  if (!saysNothing(asked) && effort === undefined) losses.lose("output_config.effort");
  if (effort !== undefined) return { reasoning_effort: effort };
  const { type, budget_tokens: budget } = isObject(body.thinking) ? body.thinking : {};
  if (type !== "enabled" || typeof budget !== "number") return {};
  return { reasoning_effort: budget <= LOW_BUDGET ? "low" : budget <= MEDIUM_BUDGET ? "medium" : "high" };
}

function formatOf(body: Readonly<Record<string, unknown>>, losses: Losses): Record<string, unknown> {
  if (isObject(body.output_config)) {
    const at = { path: "output_config", field: "output_config" };
    losses.loseOthers(body.output_config, new Set(["effort", "format"]), at);
  }
  const format = member(body.output_config, "format") ?? body.output_format;
  if (saysNothing(format)) return {};
  const schema = member(format, "schema");
  if (member(format, "type") !== "json_schema" || !isObject(schema)) {
    losses.lose("output_config.format");
    return {};
  }
  return { response_format: { type: "json_schema", json_schema: { name: "answer", schema, strict: true } } };
}

function toolsOf(body: Readonly<Record<string, unknown>>, names: ToolNames, losses: Losses): Record<string, unknown> {
  const tools = listOf(body.tools).flatMap((tool, at) => toolOf(tool, `tools.${at}`, { names, losses }));
  return tools.length > 0 ? { tools, ...toolChoice(body.tool_choice, names, losses) } : {};
}

const TOOL_MEMBERS: ReadonlySet<string> = new Set([
  ...["name", "description", "input_schema", "type", "strict", "cache_control", "eager_input_streaming"],
  // Tools that would be loaded by a search are present from the start.
  "defer_loading",
]);

function toolOf(tool: unknown, path: string, { names, losses }: { names: ToolNames; losses: Losses }): unknown[] {
  if (!isObject(tool)) return [];
  if ((tool.type !== undefined && tool.type !== "custom") || !isObject(tool.input_schema)) {
    losses.lose(`${path}.type`, "tools[].type", textOf(tool.type) || textOf(tool.name));
    return [];
  }
  losses.loseOthers(tool, TOOL_MEMBERS, { path, field: "tools[]" });
  const { name, description, input_schema: parameters, strict } = tool;
  const declared = {
    name: names.there(textOf(name)),
    ...(description === undefined ? {} : { description }),
    parameters,
    ...(strict === true ? { strict } : {}),
  };
  return [{ type: "function", function: declared }];
}

function toolChoice(choice: unknown, names: ToolNames, losses: Losses): Record<string, unknown> {
  if (!isObject(choice)) return {};
  const single = choice.disable_parallel_tool_use === true ? { parallel_tool_calls: false } : {};
  const { type, name } = choice;
  if (type === "any") return { tool_choice: "required", ...single };
  if (type === "none") return { tool_choice: "none" };
  if (type === "tool") {
    return { tool_choice: { type: "function", function: { name: names.there(textOf(name)) } }, ...single };
  }
  if (type !== "auto") losses.lose("tool_choice");
  return single;
}
