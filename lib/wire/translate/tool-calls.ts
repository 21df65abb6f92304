import { markedNumbers } from "../json/exact-numbers";
import { isObject, listOf, member, parseJson, textOf } from "../json/object";
import type { ToolNames } from "./identity";

/** The tool calls in Anthropic's blocks as OpenAI's `tool_calls`, whose arguments are text. */
export function toolCallsOf(blocks: readonly Record<string, unknown>[], names?: ToolNames) {
  return blocks
    .filter((block) => block.type === "tool_use")
    .map(({ id, name, input }) => ({
      id: textOf(id),
      type: "function",
      function: { name: names?.there(textOf(name)) ?? textOf(name), arguments: JSON.stringify(input ?? {}) },
    }));
}

/** OpenAI's `tool_calls` of an answer as Anthropic's blocks. Arguments that are not an object are kept under a name. */
export function toolUsesOf(message: unknown, names: ToolNames) {
  const legacy = member(message, "function_call");
  const calls = isObject(legacy) ? [{ id: "", function: legacy }] : listOf(member(message, "tool_calls"));
  return calls.map((call, at) => {
    const called = member(call, "function") ?? member(call, "custom");
    const given = member(called, "arguments") ?? member(called, "input");
    const parsed = isObject(given) ? given : parseJson(markedNumbers(textOf(given)));
    const input = isObject(parsed) ? parsed : textOf(given).trim() === "" ? {} : { arguments: textOf(given) };
    const id = textOf(member(call, "id")) || `toolu_${at}`;
    return { type: "tool_use", id, name: names.back(textOf(member(called, "name"))), input };
  });
}
