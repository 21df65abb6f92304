import type { ProviderView } from "../../_ui/data/catalog";

/** The data of the first call's snippet. `key` is known only right after its creation. */
export type FirstCall = {
  readonly baseUrl: string;
  readonly model: string;
  readonly key: string | null;
  readonly dialect: "openai" | "anthropic";
};

export const SNIPPETS = ["curl", "Python", "JavaScript"] as const;
export type Snippet = (typeof SNIPPETS)[number];

const UNKNOWN_KEY = "sw_live_…";

/** The first call as text to copy, for the official SDK of the provider's dialect. */
export function snippetOf(kind: Snippet, call: FirstCall): string {
  const { dialect } = call;
  const key = call.key ?? UNKNOWN_KEY;
  if (kind === "curl") return curlOf({ ...call, key });
  if (kind === "Python")
    return dialect === "anthropic" ? anthropicPython({ ...call, key }) : openaiPython({ ...call, key });
  return dialect === "anthropic" ? anthropicScript({ ...call, key }) : openaiScript({ ...call, key });
}

type Written = Omit<FirstCall, "key"> & { readonly key: string };

function curlOf({ baseUrl, model, key, dialect }: Written): string {
  const body = { model, max_tokens: 64, messages: [{ role: "user", content: "Say hello." }] };
  const path = dialect === "anthropic" ? "v1/messages" : "v1/chat/completions";
  const version = dialect === "anthropic" ? ["-H 'anthropic-version: 2023-06-01'"] : [];
  return [
    `curl ${baseUrl}/${path}`,
    `-H 'authorization: Bearer ${key}'`,
    "-H 'content-type: application/json'",
    ...version,
    // A model's name has no quote in it: letters, digits and a few marks.
    `-d '${JSON.stringify(body)}'`,
  ].join(" \\\n  ");
}

function openaiPython({ baseUrl, model, key }: Written): string {
  return `from openai import OpenAI

client = OpenAI(base_url="${baseUrl}/v1", api_key="${key}")
answer = client.chat.completions.create(
    model="${model}", max_tokens=64, messages=[{"role": "user", "content": "Say hello."}]
)
print(answer.choices[0].message.content)`;
}

function anthropicPython({ baseUrl, model, key }: Written): string {
  return `from anthropic import Anthropic

client = Anthropic(base_url="${baseUrl}", api_key="${key}")
answer = client.messages.create(
    model="${model}", max_tokens=64, messages=[{"role": "user", "content": "Say hello."}]
)
print(answer.content[0].text)`;
}

function openaiScript({ baseUrl, model, key }: Written): string {
  return `import OpenAI from "openai";

const client = new OpenAI({ baseURL: "${baseUrl}/v1", apiKey: "${key}" });
const answer = await client.chat.completions.create({
  model: "${model}", max_tokens: 64, messages: [{ role: "user", content: "Say hello." }],
});
process.stdout.write(answer.choices[0].message.content);`;
}

function anthropicScript({ baseUrl, model, key }: Written): string {
  return `import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({ baseURL: "${baseUrl}", apiKey: "${key}" });
const answer = await client.messages.create({
  model: "${model}", max_tokens: 64, messages: [{ role: "user", content: "Say hello." }],
});
process.stdout.write(answer.content[0].text);`;
}

/** The SDK for a model. Both work with every provider; its own needs no translation. */
export function dialectOf(provider: ProviderView | undefined): "openai" | "anthropic" {
  return provider?.dialect === "anthropic" ? "anthropic" : "openai";
}
