import { PROVIDER_KINDS } from "@/lib/console/providers/provider-kinds.shared";
import type { ProviderView } from "../../_ui/data/catalog";
import { type FilledCredential, furtherBody, furtherOf } from "./provider-credentials";

/** The source of a provider's credential. `kept`: the stored one stays. */
export type CredentialFrom = "kept" | "stored" | "variable" | "none";

/** The values of a provider's form; empty numbers are null. */
export type Filled = {
  readonly name: string;
  /** null = derived from the name */
  readonly slug: string | null;
  /** one of the known kinds; null = its dialect says all */
  readonly preset: string | null;
  /** fields of the preset's base URL, by name */
  readonly fields: Readonly<Record<string, string>>;
  readonly dialect: "openai" | "anthropic";
  readonly baseUrl: string;
  readonly from: CredentialFrom;
  readonly credential: string;
  readonly variable: string;
  readonly allowLocal: boolean;
  readonly continuousUsage: boolean;
  readonly strict: boolean;
  readonly coolsDown: boolean;
  readonly enabled: boolean;
  /** its own credential's share of the calls; null = left empty */
  readonly credentialWeight: number | null;
  readonly credentials: readonly FilledCredential[];
  readonly ramps: boolean;
  /** its service tier for each priority; empty = none requested */
  readonly serviceTiers: Readonly<Partial<Record<PriorityName, string>>>;
  readonly answerSeconds: number | null;
  readonly silenceSeconds: number | null;
  readonly requestsPerMinute: number | null;
  readonly tokensPerMinute: number | null;
};

type PriorityName = keyof ProviderView["serviceTiers"];

export const EMPTY: Filled = {
  name: "",
  slug: null,
  preset: null,
  fields: {},
  dialect: "openai",
  baseUrl: "",
  from: "stored",
  credential: "",
  variable: "",
  allowLocal: false,
  continuousUsage: false,
  strict: false,
  coolsDown: true,
  enabled: true,
  answerSeconds: null,
  silenceSeconds: null,
  requestsPerMinute: null,
  tokensPerMinute: null,
  credentialWeight: 1,
  credentials: [],
  ramps: false,
  serviceTiers: {},
};

export function filledFrom(provider: ProviderView): Filled {
  const { name, slug, baseUrl, credentialEnv, credentialLast4, allowLocal, continuousUsage, strict, coolsDown } =
    provider;
  const { enabled, answerSeconds, silenceSeconds, requestsPerMinute, tokensPerMinute } = provider;
  const { credentialWeight, serviceTiers, ramps } = provider;
  return {
    name,
    slug,
    baseUrl,
    allowLocal,
    continuousUsage,
    strict,
    coolsDown,
    enabled,
    answerSeconds,
    silenceSeconds,
    requestsPerMinute,
    tokensPerMinute,
    credentialWeight,
    credentials: furtherOf(provider),
    ramps,
    serviceTiers,
    preset: provider.preset,
    fields: {},
    dialect: provider.dialect === "anthropic" ? "anthropic" : "openai",
    from: credentialLast4 !== null ? "kept" : credentialEnv !== null ? "variable" : "none",
    credential: "",
    variable: credentialEnv ?? "",
  };
}

/** A form for a kind of provider, keeping what was filled in; null = any other kind. */
export function filledFor(preset: string | null, before: Filled): Filled {
  const kind = PROVIDER_KINDS.of(preset);
  if (kind === null) return { ...before, preset: null, fields: {} };
  const { name, dialect, allowLocal, continuousUsage, credential } = kind;
  const from = credential === null ? "none" : before.from === "none" ? "stored" : before.from;
  const fields = {};
  return {
    ...before,
    preset,
    name,
    dialect,
    allowLocal,
    continuousUsage,
    from,
    fields,
    baseUrl: PROVIDER_KINDS.urlOf(kind, fields) ?? "",
    variable: credential?.env ?? "",
  };
}

/** Sets one field; the base URL is complete once all of them are filled in. */
export function withField(before: Filled, name: string, value: string): Filled {
  const kind = PROVIDER_KINDS.of(before.preset);
  const fields = { ...before.fields, [name]: value };
  return { ...before, fields, ...(kind === null ? {} : { baseUrl: PROVIDER_KINDS.urlOf(kind, fields) ?? "" }) };
}

/** The body of PUT /providers/{slug}. A kept credential is not sent, because it cannot be read. */
export function providerBody(filled: Filled): Record<string, unknown> {
  const { slug: _slug, fields: _fields, from, credential, variable, name, baseUrl, ...rest } = filled;
  const tiers = Object.entries(filled.serviceTiers).map(([priority, tier]) => [priority, tier.trim()]);
  const sent = {
    stored: { credential: credential.trim() },
    kept: {},
    variable: { credential: null },
    none: { credential: null },
  };
  return {
    ...rest,
    name: name.trim(),
    baseUrl: baseUrl.trim().replace(/(?<=[^/])\/$/, ""),
    credentialWeight: filled.credentialWeight ?? 1,
    credentials: furtherBody(filled.credentials),
    serviceTiers: Object.fromEntries(tiers.filter(([, tier]) => tier !== "")),
    credentialEnv: from === "variable" ? variable.trim() : null,
    ...sent[from],
  };
}
