/** A client from the npm registry that is driven as a library. */
export type Client = {
  readonly name: string;
  /** its own folder below that into which `npm run clients` installs */
  readonly folder: string;
  readonly package: string;
  readonly program: string;
  /** what its program can do, by the API that it calls */
  readonly does: readonly What[];
};

/** The API decides which provider is one of the same dialect. */
export type What = { readonly what: string; readonly api: "chat" | "responses" | "messages" };

const doing = (api: What["api"], ...whats: readonly string[]): What[] => whats.map((what) => ({ what, api }));
const named = (api: What["api"], name: string, ...whats: readonly string[]) =>
  doing(api, ...whats.map((what) => `${name}, ${what}`));
const USUAL = ["plain", "stream", "tools", "image"] as const;

const sdk = (name: string, folder: string, program: string, does: readonly What[], pack = name): Client => {
  return { name, folder, package: pack, program, does };
};
const AI_SDK = [
  ...doing("chat", ...USUAL),
  ...named("chat", "chat", ...USUAL),
  ...named("responses", "responses", ...USUAL),
  ...named("messages", "messages", ...USUAL),
];

export const CLIENTS: readonly Client[] = [
  sdk("openai", "openai", "sdks/openai.mjs", [
    ...doing("chat", ...USUAL, "document", "structured"),
    ...doing("responses", "responses", "responses, stream"),
  ]),
  sdk(
    "@anthropic-ai/sdk",
    "anthropic",
    "sdks/anthropic.mjs",
    doing("messages", ...USUAL, "document", "structured", "count"),
  ),
  sdk("@openai/agents", "openai-agents", "frameworks/openai-agents.mjs", [
    ...doing("responses", ...USUAL, "structured"),
    ...doing("chat", "chat"),
  ]),
  sdk("@langchain/anthropic", "langchain", "frameworks/langchain-anthropic.mjs", doing("messages", ...USUAL)),
  sdk("@langchain/openai", "langchain", "frameworks/langchain-openai.mjs", doing("chat", ...USUAL)),
  sdk("AI SDK 6", "ai-sdk-6", "sdks/ai-sdk.mjs", AI_SDK, "ai"),
  sdk("AI SDK 7", "ai-sdk-7", "sdks/ai-sdk.mjs", AI_SDK, "ai"),
  sdk("@instructor-ai/instructor", "instructor", "frameworks/instructor.mjs", doing("chat", "plain", "structured")),
  sdk("llamaindex", "llamaindex", "frameworks/llamaindex.mjs", [
    ...doing("chat", ...USUAL),
    ...named("messages", "messages", "plain", "stream", "tools"),
  ]),
  sdk("@mastra/core", "mastra", "frameworks/mastra.mjs", doing("chat", ...USUAL)),
  sdk("genkit", "genkit", "frameworks/genkit.mjs", doing("chat", ...USUAL)),
  sdk("token.js", "token-js", "frameworks/token-js.mjs", doing("chat", ...USUAL)),
  sdk("multi-llm-ts", "multi-llm", "frameworks/multi-llm.mjs", doing("chat", ...USUAL)),
  sdk("promptfoo", "promptfoo", "frameworks/promptfoo.mjs", [
    ...doing("chat", "plain"),
    ...doing("responses", "responses"),
    ...doing("messages", "messages"),
  ]),
  sdk("@huggingface/inference", "huggingface", "sdks/huggingface.mjs", doing("chat", ...USUAL)),
  sdk("@mistralai/mistralai", "mistral", "sdks/mistral.mjs", doing("chat", ...USUAL, "vendor")),
  sdk("groq-sdk", "groq", "sdks/groq.mjs", doing("chat", ...USUAL)),
];
