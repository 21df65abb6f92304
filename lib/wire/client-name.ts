/** What a client library reports about itself. */
export type ClientName = {
  /** "openai js 6.46.0", "ai-sdk openai 2.0.5", or "other" */
  readonly client: string;
  /** whether the library reports a retry; some never do */
  readonly isRetry: boolean;
};

const STAINLESS =
  /\b(?:Async)?(OpenAI|Anthropic|AnthropicBedrock|AzureOpenAI)\/(JS|Python|Go|Java|Ruby|\.NET) (\d[\w.+-]{0,30})/;
const AI_SDK = /\bai-sdk\/([a-z0-9-]{1,40})\/(\d[\w.+-]{0,30})/;
const OTHERS = /\b(LangChain|langchainjs-openai|litellm|python-requests|axios|node-fetch|curl)\/(\d[\w.+-]{0,30})/i;

/**
 * Reads user-agent and the headers that the OpenAI and Anthropic libraries add. Accepts known shapes only, so that free
 * text from callers cannot fill the books with names.
 */
export function clientName(header: (name: string) => string | undefined): ClientName {
  const isRetry = /^[1-9]\d{0,2}$/.test(header("x-stainless-retry-count") ?? "");
  return { client: libraryOf(header("user-agent") ?? ""), isRetry };
}

function libraryOf(agent: string): string {
  const known = KNOWN.get(agent);
  if (known !== undefined) return known;
  const library = libraryIn(agent);
  if (KNOWN.size >= KNOWN_MAX) KNOWN.clear();
  if (agent.length <= KNOWN_CHARS_MAX) KNOWN.set(agent, library);
  return library;
}

/** The names of clients by their headers: the same few programs send them with every call. */
const KNOWN = new Map<string, string>();
const KNOWN_MAX = 1000;
const KNOWN_CHARS_MAX = 256;

function libraryIn(agent: string): string {
  const [, kind, language, version] = STAINLESS.exec(agent) ?? [];
  if (kind !== undefined) return `${kind} ${language} ${version}`.toLowerCase();
  const [, provider, sdkVersion] = AI_SDK.exec(agent) ?? [];
  if (provider !== undefined) return `ai-sdk ${provider} ${sdkVersion}`;
  const [, name, otherVersion] = OTHERS.exec(agent) ?? [];
  return name === undefined ? "other" : `${name} ${otherVersion}`.toLowerCase();
}
