import type { Vault } from "./vault";

/** Where a credential may be used: the dialect decides the header, the origin the server. */
export type CredentialUse = { readonly baseUrl: string; readonly dialect: "openai" | "anthropic" };

type Owner = CredentialUse & { readonly id: string };

/** Variables that may be sent, and to which hosts. `*.` stands for any subdomain, any other `*` for text in one label. */
export type CredentialHosts = ReadonlyMap<string, readonly string[]>;

/** Names under which providers' own SDKs find their credential, with the hosts that it belongs to. */
const KNOWN: readonly (readonly [prefix: string, hosts: readonly string[]])[] = [
  ["OPENAI", ["api.openai.com", "*.api.openai.com"]],
  ["ANTHROPIC", ["api.anthropic.com"]],
  ["AZURE", ["*.openai.azure.com", "*.cognitiveservices.azure.com"]],
  ["MISTRAL", ["api.mistral.ai"]],
  ["GROQ", ["api.groq.com"]],
  ["DEEPSEEK", ["api.deepseek.com"]],
  ["OPENROUTER", ["openrouter.ai"]],
  ["XAI", ["api.x.ai"]],
  ["TOGETHER", ["api.together.xyz", "api.together.ai"]],
  ["FIREWORKS", ["api.fireworks.ai"]],
  ["CEREBRAS", ["api.cerebras.ai"]],
  ["PERPLEXITY", ["api.perplexity.ai"]],
  ["GEMINI", ["generativelanguage.googleapis.com"]],
  ["COHERE", ["api.cohere.ai", "api.cohere.com"]],
  ["NVIDIA", ["integrate.api.nvidia.com"]],
  ["AWS", ["bedrock-runtime.*.amazonaws.com", "bedrock-mantle.*.api.aws"]],
  ["VERTEX", ["aiplatform.googleapis.com", "*-aiplatform.googleapis.com"]],
];

const KNOWN_NAME = /^([A-Z]+)(?:_[A-Z0-9]+)*_(?:API_KEY|API_TOKEN|TOKEN)$/;

/**
 * Why a variable must not be sent to a base URL, in words; null when it may be. A provider's own name is sent only to
 * that provider's hosts by https. Any other name is sent only where the installation's environment allows it, so that
 * no operator can read the process's secrets with a provider at their own server.
 */
export function credentialEnvFault(variable: string, baseUrl: string, allowed: CredentialHosts): string | null {
  if (!URL.canParse(baseUrl)) return "needs a base URL to go to";
  const { protocol, hostname, host } = new URL(baseUrl);
  const listed = allowed.get(variable) ?? [];
  if (listed.some((one) => isHost(one, hostname) || one === host)) return null;
  const prefix = KNOWN_NAME.exec(variable)?.[1];
  const known = KNOWN.find(([name]) => name === prefix)?.[1] ?? [];
  if (protocol === "https:" && known.some((one) => isHost(one, hostname))) return null;
  return `may not be sent to ${host}: list it as ${variable}@${host} in PROVIDER_CREDENTIALS, or store the credential here`;
}

/** A stored credential whose address or header has changed, with the address and header that it was stored for. */
export function credentialMoves(before: CredentialUse, after: CredentialUse): string | null {
  const given = placeOf(before);
  return given === placeOf(after) ? null : given;
}

/** Seals a credential for one provider, origin and dialect. If its address is changed in the database, it does not open. */
export function sealCredential(seal: Vault["seal"], provider: Owner, credential: string): string {
  return `${BOUND}${seal(ownerOf(provider), credential)}`;
}

type Keeper = Owner & { readonly credentialEnv: string | null; readonly credentialSealed: string | null };

/** How to get a provider's credential now; null = none is stored, or its variable is unset or not for this address. */
export function makeCredentialOf(input: {
  unseal: Vault["unseal"];
  hosts: CredentialHosts;
  read: (variable: string) => string | null;
}): (provider: Keeper) => string | null {
  const { unseal, hosts, read } = input;
  // A provider in a version of the policy does not change, so its sealed credential is opened once.
  const opened = new WeakMap<Keeper, string | null>();
  return (provider) => {
    const known = opened.get(provider);
    if (known !== undefined) return known;
    const credential = find(provider);
    opened.set(provider, credential);
    return credential;
  };

  function find(provider: Keeper): string | null {
    const { credentialSealed: sealed, credentialEnv: variable, baseUrl } = provider;
    if (sealed?.startsWith(BOUND)) return unseal(ownerOf(provider), sealed.slice(BOUND.length));
    // From before addresses were sealed in.
    if (sealed !== null) return unseal(provider.id, sealed);
    // Also checked here: the row may be older than the check, or written directly into the database.
    if (variable === null || credentialEnvFault(variable, baseUrl, hosts) !== null) return null;
    return read(variable);
  }
}

const BOUND = "bound:";

function ownerOf(provider: Owner): string {
  return `${provider.id}|${placeOf(provider)}`;
}

function placeOf({ baseUrl, dialect }: CredentialUse): string {
  if (!URL.canParse(baseUrl)) return `${baseUrl} (${dialect})`;
  const { protocol, host } = new URL(baseUrl);
  return `${protocol}//${host} (${dialect})`;
}

function isHost(pattern: string, hostname: string): boolean {
  if (pattern.startsWith("*.")) return hostname.endsWith(pattern.slice(1));
  const [start = "", end] = pattern.split("*");
  if (end === undefined) return hostname === pattern;
  const label = hostname.slice(start.length, -end.length);
  return hostname === `${start}${label}${end}` && /^[a-z0-9-]+$/.test(label);
}
