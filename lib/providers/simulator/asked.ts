import { z } from "zod";
import type { Asked } from "./answer";
import { repeatedMembers, toldMembers } from "./response-object";
import { type Behaviour, behaviour } from "./script";
import { countInput } from "./text";

export const SIMULATED_MODELS = ["sim-small", "sim-large", "sim-vision"] as const;

const content = z
  .union([z.string(), z.array(z.looseObject({ type: z.string().optional(), text: z.string().optional() }))])
  .nullish();
const message = z.looseObject({ role: z.string().optional(), content });
const model = z.enum(SIMULATED_MODELS);
const schema = z.looseObject({ properties: z.record(z.string(), z.unknown()).optional() });

const openaiBody = z.looseObject({
  model,
  messages: z.array(message),
  max_tokens: z.number().optional(),
  max_completion_tokens: z.number().optional(),
  n: z.number().optional(),
  stream: z.boolean().optional(),
  stream_options: z
    .looseObject({ include_usage: z.boolean().optional(), continuous_usage_stats: z.boolean().optional() })
    .optional(),
  tools: z
    .array(z.looseObject({ function: z.looseObject({ name: z.string(), parameters: schema.optional() }) }))
    .optional(),
});

const anthropicBody = z.looseObject({
  model,
  messages: z.array(message),
  system: content,
  max_tokens: z.number(),
  stream: z.boolean().optional(),
  tools: z.array(z.looseObject({ name: z.string(), input_schema: schema.optional() })).optional(),
});

const responsesBody = z.looseObject({
  model,
  input: z
    .union([z.string(), z.array(z.looseObject({ type: z.string().optional(), role: z.string().optional(), content }))])
    .default(""),
  instructions: z.string().optional(),
  max_output_tokens: z.number().optional(),
  stream: z.boolean().optional(),
  tools: z
    .array(z.looseObject({ type: z.string(), name: z.string().optional(), parameters: schema.optional() }))
    .optional(),
});

const embeddingsBody = z.looseObject({ model, input: z.union([z.string(), z.array(z.string())]) });

export function askedOpenai(body: unknown, requestId: string): Asked {
  const chat = openaiBody.parse(toldMembers(body));
  const last = chat.messages.at(-1);
  const [tool] = chat.tools ?? [];
  return {
    requestId,
    model: chat.model,
    stream: chat.stream ?? false,
    maxTokens: chat.max_completion_tokens ?? chat.max_tokens ?? Number.MAX_SAFE_INTEGER,
    choices: chat.stream ? 1 : (chat.n ?? 1),
    inputTokens: countInput(chat.messages.map((one) => textOf(one.content))),
    wantsUsage: chat.stream_options?.include_usage ?? false,
    continuousUsage: chat.stream_options?.continuous_usage_stats ?? false,
    scenario: scenarioIn(textOf(last?.content)),
    tool: tool === undefined || last?.role === "tool" ? null : called(tool.function.name, tool.function.parameters),
  };
}

export function askedAnthropic(body: unknown, requestId: string): Asked {
  const chat = anthropicBody.parse(toldMembers(body));
  const texts = [...(chat.system ? [chat.system] : []), ...chat.messages.map((one) => one.content)].map(textOf);
  const last = chat.messages.at(-1)?.content;
  const hasResult = Array.isArray(last) && last.some((block) => block.type === "tool_result");
  const [tool] = chat.tools ?? [];
  return {
    requestId,
    model: chat.model,
    stream: chat.stream ?? false,
    maxTokens: chat.max_tokens,
    choices: 1,
    inputTokens: countInput(texts),
    wantsUsage: true,
    continuousUsage: false,
    scenario: scenarioIn(texts.at(-1) ?? ""),
    tool: tool === undefined || hasResult ? null : called(tool.name, tool.input_schema),
  };
}

export function askedResponses(body: unknown, requestId: string): Asked {
  const asked = responsesBody.parse(toldMembers(body));
  const items = typeof asked.input === "string" ? [{ type: "message", content: asked.input }] : asked.input;
  const texts = [
    ...(asked.instructions === undefined ? [] : [asked.instructions]),
    ...items.map((one) => textOf(one.content)),
  ];
  const tool = asked.tools?.find((one) => one.type === "function");
  const hasResult = items.at(-1)?.type === "function_call_output";
  return {
    requestId,
    model: asked.model,
    stream: asked.stream ?? false,
    choices: 1,
    maxTokens: asked.max_output_tokens ?? Number.MAX_SAFE_INTEGER,
    inputTokens: countInput(texts),
    wantsUsage: true,
    continuousUsage: false,
    scenario: scenarioIn(texts.at(-1) ?? ""),
    tool: tool?.name === undefined || hasResult ? null : called(tool.name, tool.parameters),
    repeated: repeatedMembers(body),
  };
}

export function askedEmbeddings(body: unknown, requestId: string): { asked: Asked; inputs: number } {
  const { model: name, input } = embeddingsBody.parse(toldMembers(body));
  const texts = typeof input === "string" ? [input] : input;
  const asked = {
    requestId,
    model: name,
    stream: false,
    maxTokens: 0,
    choices: 1,
    inputTokens: countInput(texts),
    wantsUsage: true,
    continuousUsage: false,
    scenario: null,
    tool: null,
  };
  return { asked, inputs: texts.length };
}

/** The first tool, called with a word for each of its parameters. */
function called(name: string, parameters: z.infer<typeof schema> | undefined): Asked["tool"] {
  const names = Object.keys(parameters?.properties ?? {});
  return { name, arguments: JSON.stringify(Object.fromEntries(names.map((one) => [one, "water"]))) };
}

function textOf(value: z.infer<typeof content>): string {
  return typeof value === "string" ? value : (value ?? []).map((part) => part.text ?? "").join(" ");
}

function scenarioIn(text: string): Behaviour | null {
  const json = /\bsim:(\{[^{}]{0,2000}\})/.exec(text)?.[1];
  return json === undefined ? null : behaviour.parse(JSON.parse(json));
}
