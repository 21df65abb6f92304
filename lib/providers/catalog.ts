import type { Price } from "@/lib/money/price";
import { isPublicAddress } from "@/lib/network";
import { presetOf } from "./presets/presets.shared";
import { keyIn } from "./presets/provider-key";

/** One upstream in the catalogue. */
export type Provider = {
  readonly id: string;
  readonly slug: string;
  readonly dialect: "openai" | "anthropic";
  /** its kind (`presets`); null = its dialect and its address say all */
  readonly preset: string | null;
  /** Up to and including the version segment; `simulator:` is the simulator of this process. */
  readonly baseUrl: string;
  readonly credentialEnv: string | null;
  /** sealed under the vault's secret; takes precedence over the variable */
  readonly credentialSealed: string | null;
  readonly allowLocal: boolean;
  readonly continuousUsage: boolean;
  /** body members that we do not know are not sent to it */
  readonly strict: boolean;
  /** timeouts until it begins to answer, and for silence within an answer; null = the process's */
  readonly answerSeconds: number | null;
  readonly silenceSeconds: number | null;
  /** its limits as its operator configured them, for each credential and model; null = from its answers */
  readonly requestsPerMinute: number | null;
  readonly tokensPerMinute: number | null;
  /** the service tier to request, by priority */
  readonly serviceTiers: Readonly<Record<string, string | undefined>>;
  /** limits how fast traffic may grow after a quiet hour */
  readonly ramps: boolean;
  /** gets no calls for a while after 429s and failures */
  readonly coolsDown: boolean;
  /** an operator took it out of service */
  readonly isTakenOut: boolean;
  /** epoch ms; earlier cool-downs do not count. 0 = all count */
  readonly reopenedAtMs: number;
  /** names its credential in places and counters; the provider's own credential has the provider's id */
  readonly credentialId: string;
  /** all of its credentials with their shares of the calls, its own included; none = it has only one */
  readonly ways: readonly WeightedWay[];
};

/** A provider with one of several credentials. */
export type WeightedWay = { readonly weight: number; readonly provider: Provider };

/** One model that callers may request. */
export type Model = {
  readonly id: string;
  readonly slug: string;
  readonly upstreamName: string;
  readonly provider: Provider;
  readonly contextTokens: number;
  readonly maxOutputTokens: number;
  readonly defaultOutputTokens: number;
  /** slugs of models that serve its calls while its provider cannot, in order of preference */
  readonly fallbacks: readonly string[];
  /** null = it has no price and cannot be called */
  readonly price: Price | null;
  /** epoch seconds */
  readonly createdAt: number;
};

export const SIMULATOR_URL = "simulator:";

/** Where and how to reach a provider now. */
export type Target = {
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly allowLocal: boolean;
};

/** The parts of a provider that say where it is and how to call it. */
export type Reachable = Pick<
  Provider,
  "id" | "dialect" | "baseUrl" | "preset" | "credentialEnv" | "credentialSealed" | "allowLocal"
>;

export function targetOf<Of extends Reachable>(
  provider: Of,
  simulatorUrl: string | null,
  credentialOf: (provider: Of) => string | null,
): Target | null {
  if (provider.baseUrl === SIMULATOR_URL) {
    return simulatorUrl === null ? null : { baseUrl: `${simulatorUrl}/v1`, headers: {}, allowLocal: true };
  }
  return {
    // The query of the base URL goes after the call's path.
    baseUrl: provider.baseUrl.split("?")[0] ?? "",
    headers: authHeaders(provider, credentialOf(provider)),
    allowLocal: provider.allowLocal,
  };
}

/** OpenAI's own models accept no `max_tokens`; compatible servers often accept only that. */
export function capField(provider: Provider): "max_tokens" | "max_completion_tokens" {
  const isOpenais = provider.baseUrl.startsWith("https://api.openai.com/") || OPENAIS.has(provider.preset ?? "");
  return isOpenais ? "max_completion_tokens" : "max_tokens";
}

const OPENAIS: ReadonlySet<string> = new Set(["openai", "azure", "azure-deployments"]);

/** Why a base URL from an operator is invalid, in words; null when it is valid. */
export function baseUrlFault(text: string, allowLocal: boolean): string | null {
  if (text === SIMULATOR_URL) return null;
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return "is not a URL";
  }
  if (url.protocol !== "https:" && !(allowLocal && url.protocol === "http:")) {
    return "must begin with https:// (http:// only together with allowLocal)";
  }
  if (url.username !== "" || url.password !== "" || url.hash !== "" || !QUERY.test(url.search)) {
    return "must not carry a user, a fragment or a query other than api-version";
  }
  const literal = url.hostname.replace(/^\[|\]$/g, "");
  // A name is resolved and checked at the call. An address that cannot be called is not stored.
  if (!allowLocal && /^[\d.]+$|:/.test(literal) && !isPublicAddress(literal)) {
    return "is not a public address (only together with allowLocal)";
  }
  return url.pathname.endsWith("/") && url.pathname !== "/" ? "must not end with a slash" : null;
}

/** Azure's dated API requires its date in every call. */
const QUERY = /^(?:\?api-version=[\w.-]{1,40})?$/;

/** Computed once for each version of a provider and its credential. */
function authHeaders(provider: Reachable, credential: string | null): Readonly<Record<string, string>> {
  const known = AUTH_HEADERS.get(provider);
  if (known?.credential === credential) return known.headers;
  const headers = makeAuthHeaders(provider, credential);
  AUTH_HEADERS.set(provider, { credential, headers });
  return headers;
}

const AUTH_HEADERS = new WeakMap<
  Reachable,
  { readonly credential: string | null; readonly headers: Readonly<Record<string, string>> }
>();

function makeAuthHeaders(provider: Reachable, credential: string | null): Record<string, string> {
  const { dialect } = provider;
  const version: Record<string, string> = dialect === "anthropic" ? { "anthropic-version": "2023-06-01" } : {};
  // A key that only signs is never sent itself.
  if (credential === null || keyIn(provider, credential) !== null) return version;
  const auth = authOf(provider);
  if (auth === "api-key") return { ...version, "api-key": credential };
  if (auth === "x-api-key") return { ...version, "x-api-key": credential };
  return { ...version, authorization: `Bearer ${credential}` };
}

/** The header that carries a credential. */
function authOf({ dialect, baseUrl, preset }: Reachable): "bearer" | "api-key" | "x-api-key" {
  const chosen = presetOf(preset)?.auth ?? "dialect";
  if (chosen === "api-key") return chosen;
  if (chosen === "bearer" || chosen === "aws" || chosen === "google") return "bearer";
  // Azure's own keys use their own header; its base URL is https://<resource>.openai.azure.com/openai/v1.
  const isAzure = URL.canParse(baseUrl) && /\.(openai|cognitiveservices)\.azure\.com$/.test(new URL(baseUrl).hostname);
  if (isAzure) return "api-key";
  return dialect === "openai" ? "bearer" : "x-api-key";
}
