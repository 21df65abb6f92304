import { listOf, member, parseObject, textOf } from "../json/object";

/** The tools that Anthropic's blocks call, as OpenAI's `tool_calls`: arguments are text there. */
export function toolCallsOf(blocks: readonly Record<string, unknown>[]) {
  return blocks
    .filter((block) => block.type === "tool_use")
    .map(({ id, name, input }) => ({
      id,
      type: "function",
      function: { name, arguments: JSON.stringify(input ?? {}) },
    }));
}

/** OpenAI's `tool_calls` as Anthropic's blocks; arguments that are no object count as none. */
export function toolUsesOf(calls: unknown) {
  return listOf(calls).map((call) => {
    const called = member(call, "function");
    const input = parseObject(textOf(member(called, "arguments"))) ?? {};
    return { type: "tool_use", id: textOf(member(call, "id")), name: textOf(member(called, "name")), input };
  });
}
