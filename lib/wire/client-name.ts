/** What a client library tells of itself. */
export type ClientName = {
  /** "openai js 6.46.0", "ai-sdk openai 2.0.5", or "other" */
  readonly client: string;
  /** whether the library says that it sends this call again; some never say so */
  readonly isRetry: boolean;
};

const STAINLESS =
  /\b(?:Async)?(OpenAI|Anthropic|AnthropicBedrock|AzureOpenAI)\/(JS|Python|Go|Java|Ruby|\.NET) (\d[\w.+-]{0,30})/;
const AI_SDK = /\bai-sdk\/([a-z0-9-]{1,40})\/(\d[\w.+-]{0,30})/;
const OTHERS = /\b(LangChain|langchainjs-openai|litellm|python-requests|axios|node-fetch|curl)\/(\d[\w.+-]{0,30})/i;

/**
 * Reads user-agent and the headers that the OpenAI and Anthropic libraries add. Only known shapes are taken over, so
 * that what callers write freely cannot fill the books with names.
 */
export function clientName(header: (name: string) => string | undefined): ClientName {
  const isRetry = /^[1-9]\d{0,2}$/.test(header("x-stainless-retry-count") ?? "");
  const agent = header("user-agent") ?? "";
  const [, kind, language, version] = STAINLESS.exec(agent) ?? [];
  if (kind !== undefined) return { client: `${kind} ${language} ${version}`.toLowerCase(), isRetry };
  const [, provider, sdkVersion] = AI_SDK.exec(agent) ?? [];
  if (provider !== undefined) return { client: `ai-sdk ${provider} ${sdkVersion}`, isRetry };
  const [, name, otherVersion] = OTHERS.exec(agent) ?? [];
  return { client: name === undefined ? "other" : `${name} ${otherVersion}`.toLowerCase(), isRetry };
}
