/** How a call is authenticated: which header, or which signature. */
export type AuthStyle = "dialect" | "bearer" | "api-key" | "aws" | "google" | "none";

/** Where a call goes below the base URL: the dialect's path, or names in the path. */
export type PathStyle = "plain" | "azure-deployments" | "vertex-anthropic";

/** A value that an operator enters for `{name}` in the base URL. */
export type PresetField = { readonly name: string; readonly label: string; readonly example: string };

/** One known kind of provider, so that an operator need not know its details. */
export type Preset = {
  readonly id: string;
  readonly name: string;
  /** when to choose it, in one line */
  readonly label: string;
  readonly dialect: "openai" | "anthropic";
  /** `{name}` stands for a field. */
  readonly baseUrl: string;
  readonly fields: readonly PresetField[];
  readonly auth: AuthStyle;
  readonly path: PathStyle;
  /** null = it needs none */
  readonly credential: { readonly label: string; readonly env: string } | null;
  /** runs on the operator's own machine or network */
  readonly allowLocal: boolean;
  /** reports usage with every stream event when asked */
  readonly continuousUsage: boolean;
  /** its name in the bundled price list; null = the operator enters prices */
  readonly prices: string | null;
  /** the provider's name for a model here */
  readonly modelExample: string;
};

type Short = Pick<Preset, "id" | "name" | "label" | "baseUrl" | "modelExample"> & Partial<Preset>;

function preset(short: Short): Preset {
  const env = `${short.id.replace(/-.*/, "").toUpperCase()}_API_KEY`;
  return {
    dialect: "openai",
    fields: [],
    auth: "dialect",
    path: "plain",
    credential: { label: "API key", env },
    allowLocal: false,
    continuousUsage: false,
    prices: null,
    ...short,
  };
}

const REGION: PresetField = { name: "region", label: "AWS region", example: "us-east-1" };
const RESOURCE: PresetField = { name: "resource", label: "Azure resource", example: "my-resource" };
const AWS_CREDENTIAL = {
  label: "Bedrock API key, or JSON with accessKeyId, secretAccessKey, sessionToken? and region?",
  env: "AWS_BEDROCK_API_KEY",
};
const GOOGLE_CREDENTIAL = { label: "Service account key, the JSON file's text", env: "VERTEX_API_KEY" };
const PROJECT: PresetField = { name: "project", label: "Google Cloud project", example: "my-project" };
const LOCATION: PresetField = { name: "location", label: "Location (a region, global, us or eu)", example: "us-east5" };
const LOCAL = { allowLocal: true, auth: "none", credential: null } as const;

/**
 * Known providers, in the order in which a person looks for them. Base URLs and headers are from the vendors' own API
 * references; a test checks each of them against a recording upstream.
 */
export const PRESETS: readonly Preset[] = [
  preset({
    id: "openai",
    name: "OpenAI",
    label: "GPT models at OpenAI itself",
    baseUrl: "https://api.openai.com/v1",
    prices: "openai",
    modelExample: "gpt-5-mini",
  }),
  preset({
    id: "anthropic",
    name: "Anthropic",
    label: "Claude models at Anthropic itself",
    dialect: "anthropic",
    baseUrl: "https://api.anthropic.com/v1",
    prices: "anthropic",
    modelExample: "claude-sonnet-4-5",
  }),
  preset({
    id: "azure",
    name: "Azure OpenAI",
    label: "OpenAI models at Azure, by the v1 API",
    fields: [RESOURCE],
    baseUrl: "https://{resource}.openai.azure.com/openai/v1",
    auth: "api-key",
    prices: "azure",
    modelExample: "the deployment's name",
  }),
  preset({
    id: "azure-deployments",
    name: "Azure OpenAI (dated API)",
    auth: "api-key",
    path: "azure-deployments",
    label: "OpenAI models at Azure, by a path per deployment and an api-version",
    baseUrl: "https://{resource}.openai.azure.com/openai/deployments?api-version={apiVersion}",
    fields: [RESOURCE, { name: "apiVersion", label: "API version", example: "2024-10-21" }],
    prices: "azure",
    modelExample: "the deployment's name",
  }),
  preset({
    id: "bedrock",
    name: "Amazon Bedrock (OpenAI's API)",
    label: "open and OpenAI models at AWS",
    baseUrl: "https://bedrock-runtime.{region}.amazonaws.com/openai/v1",
    fields: [REGION],
    auth: "aws",
    credential: AWS_CREDENTIAL,
    prices: "aws",
    modelExample: "openai.gpt-oss-120b-1:0",
  }),
  preset({
    id: "bedrock-anthropic",
    name: "Amazon Bedrock (Anthropic's API)",
    label: "Claude models at AWS",
    dialect: "anthropic",
    fields: [REGION],
    auth: "aws",
    credential: AWS_CREDENTIAL,
    prices: "aws",
    baseUrl: "https://bedrock-runtime.{region}.amazonaws.com/anthropic/v1",
    modelExample: "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
  }),
  preset({
    id: "vertex",
    name: "Google Vertex AI (OpenAI's API)",
    label: "Gemini models at Google Cloud",
    auth: "google",
    baseUrl:
      "https://{location}-aiplatform.googleapis.com/v1/projects/{project}/locations/{location}/endpoints/openapi",
    fields: [PROJECT, LOCATION],
    credential: GOOGLE_CREDENTIAL,
    prices: "google",
    modelExample: "google/gemini-2.5-pro",
  }),
  preset({
    id: "vertex-anthropic",
    name: "Google Vertex AI (Anthropic's API)",
    label: "Claude models at Google Cloud",
    dialect: "anthropic",
    auth: "google",
    path: "vertex-anthropic",
    credential: GOOGLE_CREDENTIAL,
    baseUrl:
      "https://{location}-aiplatform.googleapis.com/v1/projects/{project}/locations/{location}/publishers/anthropic/models",
    fields: [PROJECT, LOCATION],
    prices: "google",
    modelExample: "claude-sonnet-4-5@20250929",
  }),
  preset({
    id: "gemini",
    name: "Google Gemini",
    label: "Gemini models with a key of Google AI Studio",
    baseUrl: "https://generativelanguage.googleapis.com/v1beta/openai",
    prices: "google",
    modelExample: "gemini-2.5-flash",
  }),
  preset({
    id: "openrouter",
    name: "OpenRouter",
    label: "many vendors' models behind one key",
    prices: "openrouter",
    baseUrl: "https://openrouter.ai/api/v1",
    modelExample: "openai/gpt-5-mini",
  }),
  preset({
    id: "groq",
    name: "Groq",
    label: "open models on fast hardware",
    prices: "groq",
    baseUrl: "https://api.groq.com/openai/v1",
    modelExample: "llama-3.3-70b-versatile",
  }),
  preset({
    id: "mistral",
    name: "Mistral",
    label: "Mistral's own models",
    prices: "mistral",
    baseUrl: "https://api.mistral.ai/v1",
    modelExample: "mistral-large-latest",
  }),
  preset({
    id: "deepseek",
    name: "DeepSeek",
    label: "DeepSeek's own models",
    prices: "deepseek",
    baseUrl: "https://api.deepseek.com/v1",
    modelExample: "deepseek-chat",
  }),
  preset({
    id: "xai",
    name: "xAI",
    label: "Grok models",
    prices: "x-ai",
    baseUrl: "https://api.x.ai/v1",
    modelExample: "grok-4",
  }),
  preset({
    id: "fireworks",
    name: "Fireworks",
    label: "open models, also your own fine-tuned ones",
    prices: "fireworks",
    baseUrl: "https://api.fireworks.ai/inference/v1",
    modelExample: "accounts/fireworks/models/deepseek-v3p1",
  }),
  preset({
    id: "together",
    name: "Together",
    label: "open models",
    prices: "together",
    baseUrl: "https://api.together.xyz/v1",
    modelExample: "meta-llama/Llama-3.3-70B-Instruct-Turbo",
  }),
  preset({
    id: "vllm",
    name: "vLLM",
    label: "a server of your own",
    continuousUsage: true,
    ...LOCAL,
    baseUrl: "http://{host}:8000/v1",
    modelExample: "Qwen/Qwen3-8B",
    fields: [{ name: "host", label: "Host", example: "127.0.0.1" }],
  }),
  preset({
    id: "ollama",
    name: "Ollama",
    label: "models on your own machine",
    ...LOCAL,
    baseUrl: "http://{host}:11434/v1",
    modelExample: "llama3.2",
    fields: [{ name: "host", label: "Host", example: "127.0.0.1" }],
  }),
];

/** The preset by its id; null = no such id, or none was chosen: its dialect says all. */
export function presetOf(id: string | null): Preset | null {
  return PRESETS.find((one) => one.id === id) ?? null;
}

/** A base URL with its fields filled in; null while one is missing or invalid. */
export function filledUrl({ baseUrl, fields }: Preset, values: Readonly<Record<string, string>>): string | null {
  let url = baseUrl;
  for (const { name } of fields) {
    const value = values[name]?.trim() ?? "";
    if (!/^[\w.-]{1,128}$/.test(value)) return null;
    url = url.replaceAll(`{${name}}`, value);
  }
  return GOOGLE_HOSTS.reduce((filled, [host, instead]) => filled.replace(host, instead), url);
}

/** Google's locations that are not regions have their own hosts, as in Anthropic's SDK for Vertex AI. */
const GOOGLE_HOSTS: readonly (readonly [RegExp, string])[] = [
  [/^https:\/\/global-aiplatform\.googleapis\.com/, "https://aiplatform.googleapis.com"],
  [/^https:\/\/(us|eu)-aiplatform\.googleapis\.com/, "https://aiplatform.$1.rep.googleapis.com"],
];
