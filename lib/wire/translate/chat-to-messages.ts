import { own } from "@/lib/money/own";
import { isObject, listOf, member, textOf } from "../json/object";
import { contentOf, systemOf } from "./chat-content";
import { shortUser } from "./identity";
import { type Drops, Losses, type OnDropped, saysNothing } from "./losses";

const USER_CHARS_MAX = 256;

/** A body of OpenAI's chat completions as one of Anthropic's messages, by the table of fields. Throws PublicError. */
export function chatToMessages(
  asked: Readonly<Record<string, unknown>>,
  maxTokens: number,
  drops: Drops,
  onDropped?: OnDropped,
): Record<string, unknown> {
  const losses = new Losses("chat>messages", drops, onDropped);
  const body = losses.without(asked);
  losses.checkTop(body, NOTHING);
  const { system, messages } = turnsOf(body, losses);
  const user = textOf(body.user) || textOf(body.safety_identifier);
  return {
    model: body.model,
    max_tokens: maxTokens,
    messages,
    ...(system.length > 0 ? { system: system.join("\n\n") } : {}),
    ...(body.stream === true ? { stream: true } : {}),
    ...samplingOf(body, losses),
    ...stopOf(body.stop, losses),
    ...(user === "" ? {} : { metadata: { user_id: shortUser(user, USER_CHARS_MAX) } }),
    ...toolsOf(body, losses),
    ...outputOf(body, losses),
    ...tierOf(body.service_tier, losses),
  };
}

/** Values that mean the same as absence, for members without a counterpart. */
const NOTHING: Readonly<Record<string, (value: unknown) => boolean>> = {
  n: (value) => value === 1,
  presence_penalty: (value) => value === 0,
  frequency_penalty: (value) => value === 0,
  repetition_penalty: (value) => value === 1,
  min_p: (value) => value === 0,
  top_logprobs: (value) => value === 0,
  logit_bias: saysNothing,
  logprobs: saysNothing,
  metadata: saysNothing,
  store: saysNothing,
  functions: saysNothing,
  verbosity: (value) => value === "medium",
  modalities: (value) => listOf(value).length === 1 && listOf(value)[0] === "text",
};

type Turn = { role: "user" | "assistant"; content: unknown[] };

function turnsOf(body: Readonly<Record<string, unknown>>, losses: Losses): { system: string[]; messages: Turn[] } {
  const system: string[] = [];
  const messages: Turn[] = [];
  for (const [at, one] of listOf(body.messages).entries()) {
    if (!isObject(one)) continue;
    const path = `messages.${at}`;
    if (isSystem(one)) {
      system.push(systemOf(one, path, losses));
      continue;
    }
    const role = one.role === "assistant" ? "assistant" : "user";
    const content = contentOf(one, path, losses);
    const last = messages.at(-1);
    if (content.length === 0) {
      // A blank message is left out, but a user's turn without content cannot be sent.
      const next = listOf(body.messages)
        .slice(at + 1)
        .find((other) => !isSystem(other));
      const isAlone = last?.role !== "user" && (next === undefined || member(next, "role") === "assistant");
      if (role === "user" && isAlone) losses.lose(`${path}.content`, "messages[].content");
      continue;
    }
    // Roles alternate there: neighbours of one role become one message, and a tool's result is the user's.
    if (last?.role === role) last.content.push(...content);
    else messages.push({ role, content });
  }
  if (listOf(body.messages).every(isSystem)) losses.lose("messages");
  return { system: system.filter((text) => text.trim() !== ""), messages: messages.map(withoutLastBlanks) };
}

function isSystem(message: unknown): boolean {
  const role = member(message, "role");
  return role === "system" || role === "developer";
}

/** Anthropic refuses blanks at the end of an answer that is to be continued. */
function withoutLastBlanks(turn: Turn, at: number, all: readonly Turn[]): Turn {
  const last = turn.content.at(-1);
  if (at < all.length - 1 || turn.role !== "assistant" || !isObject(last) || last.type !== "text") return turn;
  return { ...turn, content: [...turn.content.slice(0, -1), { ...last, text: textOf(last.text).trimEnd() }] };
}

function samplingOf(body: Readonly<Record<string, unknown>>, losses: Losses): Record<string, unknown> {
  const { temperature, top_p: topP, top_k: topK } = body;
  const warm = typeof temperature === "number" ? temperature : null;
  if (warm !== null && warm > 1) losses.lose("temperature");
  const isPlain = warm === null || warm === 1;
  if (typeof topP === "number" && topP !== 1 && !isPlain) losses.lose("top_p");
  const usesTopP = typeof topP === "number" && topP !== 1 && isPlain;
  return {
    ...(warm === null || warm > 1 || usesTopP ? {} : { temperature: warm }),
    ...(usesTopP ? { top_p: topP } : {}),
    ...(typeof topK === "number" && topK > 0 ? { top_k: topK } : {}),
  };
}

function stopOf(stop: unknown, losses: Losses): Record<string, unknown> {
  const all = typeof stop === "string" ? [stop] : listOf(stop);
  const usable = all.filter((one) => textOf(one).trim() !== "");
  if (usable.length < all.length) losses.lose("stop");
  return usable.length > 0 ? { stop_sequences: usable } : {};
}

function tierOf(tier: unknown, losses: Losses): Record<string, unknown> {
  if (tier === "auto") return { service_tier: "auto" };
  if (tier === "default") return { service_tier: "standard_only" };
  if (!saysNothing(tier)) losses.lose("service_tier");
  return {};
}

const EFFORTS: Readonly<Record<string, string>> = {
  minimal: "low",
  low: "low",
  medium: "medium",
  high: "high",
  xhigh: "xhigh",
};

function outputOf(body: Readonly<Record<string, unknown>>, losses: Losses): Record<string, unknown> {
  const { response_format: format, reasoning_effort: effort } = body;
  const schema = member(member(format, "json_schema"), "schema");
  const isText = saysNothing(format) || member(format, "type") === "text";
  const isSchema = member(format, "type") === "json_schema" && isObject(schema);
  if (!isText && !isSchema) losses.lose("response_format");
  const words = own(EFFORTS, textOf(effort));
  if (!saysNothing(effort) && effort !== "none" && words === undefined) losses.lose("reasoning_effort");
  const config = {
    ...(isSchema ? { format: { type: "json_schema", schema } } : {}),
    ...(words === undefined ? {} : { effort: words }),
  };
  return {
    ...(Object.keys(config).length > 0 ? { output_config: config } : {}),
    ...(effort === "none" ? { thinking: { type: "disabled" } } : {}),
  };
}

/** Declares tools that only earlier calls name: Anthropic would refuse those calls otherwise. */
function toolsOf(body: Readonly<Record<string, unknown>>, losses: Losses): Record<string, unknown> {
  const declared = listOf(body.tools).flatMap((tool, at) => toolOf(tool, `tools.${at}`, losses));
  if (declared.length > 0) return { tools: declared, ...toolChoice(body, losses) };
  const called = listOf(body.messages).flatMap((message) => listOf(member(message, "tool_calls")));
  const names = new Set(called.map((call) => textOf(member(member(call, "function"), "name"))).filter(Boolean));
  if (names.size === 0) return {};
  const tools = [...names].map((name) => ({ name, input_schema: { type: "object" } }));
  return { tools, tool_choice: { type: "none" } };
}

const FUNCTION_MEMBERS: ReadonlySet<string> = new Set(["name", "description", "parameters", "strict"]);

function toolOf(tool: unknown, path: string, losses: Losses): unknown[] {
  const declared = member(tool, "function");
  if (member(tool, "type") !== "function" || !isObject(declared)) {
    losses.lose(`${path}.type`, "tools[].type", textOf(member(tool, "type")));
    return [];
  }
  losses.loseOthers(declared, FUNCTION_MEMBERS, { path: `${path}.function`, field: "tools[].function" });
  const { name, description, parameters, strict } = declared;
  const mark = member(tool, "cache_control");
  return [
    {
      name,
      ...(description === undefined ? {} : { description }),
      input_schema: isObject(parameters) ? { type: "object", ...parameters } : { type: "object", properties: {} },
      ...(strict === true ? { strict } : {}),
      ...(mark === undefined ? {} : { cache_control: mark }),
    },
  ];
}

function toolChoice(body: Readonly<Record<string, unknown>>, losses: Losses): Record<string, unknown> {
  const { tool_choice: choice, parallel_tool_calls: parallel } = body;
  const single = parallel === false ? { disable_parallel_tool_use: true } : {};
  const name = member(member(choice, "function"), "name");
  if (choice === "none") return { tool_choice: { type: "none" } };
  if (choice === "required" || choice === "any") return { tool_choice: { type: "any", ...single } };
  if (typeof name === "string") return { tool_choice: { type: "tool", name, ...single } };
  if (!saysNothing(choice) && choice !== "auto") losses.lose("tool_choice");
  return parallel === false ? { tool_choice: { type: "auto", ...single } } : {};
}
