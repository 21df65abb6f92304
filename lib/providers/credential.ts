import type { Vault } from "./vault";

/** What a credential is good for: the dialect says in which header it goes, the origin to whom. */
export type CredentialUse = { readonly baseUrl: string; readonly dialect: "openai" | "anthropic" };

type Owner = CredentialUse & { readonly id: string };

/** Variables that may be sent, and to which hosts. `*.` stands for any name below, any other `*` for what is within one label. */
export type CredentialHosts = ReadonlyMap<string, readonly string[]>;

/** Names by which providers' own SDKs find their credential, with the hosts that it belongs to. */
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
 * Why a variable must not go to a base URL, in words; null when it may. A provider's own name goes to that provider's
 * hosts by https; any other only where the installation's environment says so, so that no operator reads the process's
 * secrets by pointing a provider at a server of their own.
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

/** A stored credential that goes elsewhere, or in another header, than it was given for: whom it was given for. */
export function credentialMoves(before: CredentialUse, after: CredentialUse): string | null {
  const given = placeOf(before);
  return given === placeOf(after) ? null : given;
}

/** Seals a credential for one provider, origin and dialect: a row whose address was changed past us opens no more. */
export function sealCredential(seal: Vault["seal"], provider: Owner, credential: string): string {
  return `${BOUND}${seal(ownerOf(provider), credential)}`;
}

type Keeper = Owner & { readonly credentialEnv: string | null; readonly credentialSealed: string | null };

/** How to find a provider's credential now; null = none is kept, or its variable is unset or not for this address. */
export function makeCredentialOf(input: {
  unseal: Vault["unseal"];
  hosts: CredentialHosts;
  read: (variable: string) => string | null;
}): (provider: Keeper) => string | null {
  const { unseal, hosts, read } = input;
  // A provider as a version of the policy has it does not change: what is sealed in it is opened once.
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
    // Asked here too: the row may be from before names were checked, or written past us.
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
