import { randomUUID } from "node:crypto";
import { z } from "zod";
import {
  findProvider,
  listCatalog as readCatalog,
  putModel as writeModel,
  putProvider as writeProvider,
} from "@/db/queries/catalog/catalog";
import { PublicError } from "@/lib/errors";
import { serviceTiers } from "@/lib/policy/rows/service-tiers";
import { baseUrlFault } from "@/lib/providers/catalog";
import { credentialEnvFault, credentialMoves, sealCredential } from "@/lib/providers/credential";
import { knownPrice } from "@/lib/providers/known-prices";
import { PRESETS, presetOf } from "@/lib/providers/presets/presets.shared";
import { needsConfirmation } from "../access/sessions";
import { change } from "../kernel/change";
import type { ConsoleContext } from "../kernel/context";
import type { AdminRequest } from "../kernel/door";
import { displayName, parsed } from "../kernel/input";
import { priceFields, priceFrom, priceRow, priceWords } from "../money/price-input";
import {
  CREDENTIALS_MAX,
  credentialEnv,
  credentialInput,
  credentialWeight,
  shownCredentials,
  storedCredentials,
} from "./credentials";

const slug = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/, "letters, digits and . _ : / -, at most 128");
const seconds = z.number().int().min(1).max(3600);
const figure = z.number().int().min(1).max(2_000_000_000);
const tokens = z.number().int().min(1).max(10_000_000);

/** Each fallback adds a plan to an admission. */
const FALLBACKS_MAX = 4;

export const providerInput = z.strictObject({
  name: displayName,
  dialect: z.enum(["openai", "anthropic"]).default("openai"),
  /** One of the kinds that Spillway knows (docs/configuration.md); null = its dialect says all. */
  preset: z
    .enum(PRESETS.map(({ id }) => id))
    .nullable()
    .default(null),
  baseUrl: z.string().max(500),
  credentialEnv,
  /** Write-only, stored encrypted. null removes it; absent keeps the stored one, for the same host and dialect. */
  credential: z.string().min(1).max(8000).nullable().optional(),
  /** The share of calls that its own credential gets beside the further ones. */
  credentialWeight,
  /** Further credentials, each with its own share, room and cool-downs. Absent keeps them. */
  credentials: z.array(credentialInput).max(CREDENTIALS_MAX).optional(),
  allowLocal: z.boolean().default(false),
  continuousUsage: z.boolean().default(false),
  /** Bodies with members that Spillway does not know are refused instead of passed on. */
  strict: z.boolean().default(false),
  /** Timeouts until it begins to answer, and for silence within an answer. null = the process's. */
  answerSeconds: seconds.nullable().default(null),
  silenceSeconds: seconds.nullable().default(null),
  /** Its limits, for each credential and model. null = from its answers; of both, the lower one holds. */
  requestsPerMinute: figure.nullable().default(null),
  tokensPerMinute: figure.nullable().default(null),
  /** The service tier to request, by priority, if the caller names none and the tier has a price. */
  serviceTiers: serviceTiers.default({}),
  /** Limits traffic growth: after a quiet hour calls begin with a sixteenth of its figures, doubled every minute. */
  ramps: z.boolean().default(false),
  /** Gets no calls for a while after 429s and failures. */
  coolsDown: z.boolean().default(true),
  enabled: z.boolean().default(true),
});

export const modelInput = z.strictObject({
  provider: slug,
  upstreamName: z.string().min(1).max(200).optional(),
  contextTokens: tokens,
  maxOutputTokens: tokens,
  defaultOutputTokens: tokens,
  /** Models that serve its calls while its provider cannot, in order of preference. Absent keeps the list. */
  fallbacks: z.array(slug).max(FALLBACKS_MAX).optional(),
  enabled: z.boolean().default(true),
  /** Absent: from the bundled price list by the provider's name of the model, if listed. "keep": unchanged. */
  price: z.union([z.literal("keep"), z.strictObject(priceFields)]).optional(),
});

/** GET /api/admin/catalog: providers, models and the prices in force. Credentials are named, never shown. */
export async function listCatalog({ context }: AdminRequest) {
  const { providers, ...rest } = await readCatalog(context.db);
  const shown = providers.map((one) => ({ ...one, credentials: shownCredentials(one.credentials) }));
  return { body: { providers: shown, ...rest } };
}

/** PUT /api/admin/providers/{slug}: adds an upstream or changes it, for the next call. */
export async function putProvider({ context, actor, params, input }: AdminRequest<typeof providerInput>) {
  const name = parsed(slug, params.slug);
  const { credential, credentials: more, ...rest } = input;
  const last4 = credential ? { credentialLast4: credential.slice(-4) } : {};
  refuseAddress(context, input);
  needsConfirmation({ context, actor }, "Changing a provider");
  const after = await change(context, actor, async (tx) => {
    const found = await findProvider(tx, name);
    const id = found?.id ?? randomUUID();
    const stored = storedCredentials(
      context,
      { id, ...rest },
      { before: usedAt(found), inputs: more ?? keptOf(found) },
    );
    if (found !== null && found.credentialSealed !== null && credential === undefined) refuseMove(found, input);
    const sealed = sealedIn(context, { id, ...rest }, credential);
    // A changed provider starts without its earlier cool-downs.
    const reopenedAt = new Date(context.clock.now());
    await writeProvider(tx, { id, slug: name, ...rest, ...sealed, credentials: stored, reopenedAt });
    const shown = (list: unknown) => ({ credentials: shownCredentials(list) });
    const before = found && { ...found, credentialSealed: undefined, ...shown(found.credentials) };
    const result = { ...rest, ...last4, ...shown(stored) };
    return { result, change: { action: "providers.put", target: name, before, after: result, reason: null } };
  });
  return { body: { slug: name, ...after } };
}

type Found = Awaited<ReturnType<typeof findProvider>>;

function usedAt(found: Found) {
  return found && { ...found, dialect: found.dialect === "anthropic" ? ("anthropic" as const) : ("openai" as const) };
}

/** Values for fields that a change leaves out. */
function keptOf(found: Found): z.infer<typeof credentialInput>[] {
  return shownCredentials(found?.credentials).map(({ name, weight, credentialEnv: variable }) => {
    return { name, weight, credentialEnv: variable };
  });
}

function refuseAddress(context: ConsoleContext, input: z.infer<typeof providerInput>): void {
  const { baseUrl, allowLocal, credentialEnv: variable } = input;
  const fault = baseUrlFault(baseUrl, allowLocal);
  if (fault !== null) throw new PublicError("invalid_value", `baseUrl ${fault}.`, { param: "baseUrl" });
  const envFault = variable === null ? null : credentialEnvFault(variable, baseUrl, context.credentialHosts);
  if (envFault !== null)
    throw new PublicError("invalid_value", `credentialEnv ${variable} ${envFault}.`, { param: "credentialEnv" });
}

/** A credential is sent only to the address it was stored for. Otherwise an edit of the address would leak it. */
function refuseMove(found: { baseUrl: string; dialect: string }, input: z.infer<typeof providerInput>): void {
  const dialect = found.dialect === "anthropic" ? "anthropic" : "openai";
  const given = credentialMoves({ baseUrl: found.baseUrl, dialect }, input);
  if (given === null) return;
  const message = `The stored credential is bound to ${given}. Send the credential again with this change, or send null to remove it.`;
  throw new PublicError("invalid_value", message, { param: "credential" });
}

function sealedIn(
  context: ConsoleContext,
  provider: Parameters<typeof sealCredential>[1],
  credential: string | null | undefined,
) {
  if (credential === undefined) return {};
  if (credential === null) return { credentialSealed: null, credentialLast4: null };
  return {
    credentialSealed: sealCredential(context.seal, provider, credential),
    credentialLast4: credential.slice(-4),
  };
}

function refuseFallbacks(name: string, fallbacks: readonly string[], models: ReadonlyMap<string, unknown>): void {
  const wrong = fallbacks.find((one) => one === name || !models.has(one));
  if (wrong === undefined) return;
  const why = wrong === name ? "A model cannot be its own fallback." : `There is no model "${wrong}".`;
  throw new PublicError("invalid_value", why, { param: "fallbacks" });
}

/** PUT /api/admin/models/{slug}: adds a model or changes it, with a price from now on. */
export async function putModel({ context, actor, params, input }: AdminRequest<typeof modelInput>) {
  const name = parsed(slug, params.slug);
  const { provider: providerSlug, price: given, upstreamName, ...rest } = input;
  const kind = presetOf((await findProvider(context.db, providerSlug))?.preset ?? null);
  const { price, source } = priceOf(context, name, { ...input, prices: kind?.prices });
  needsConfirmation({ context, actor }, "Changing a model and its price");
  await change(context, actor, async (tx) => {
    const provider = await findProvider(tx, providerSlug);
    if (provider === null)
      throw new PublicError("invalid_value", `There is no provider "${providerSlug}".`, { param: "provider" });
    const { models } = context.policy.snapshot;
    const before = models.get(name) ?? null;
    refuseFallbacks(name, input.fallbacks ?? [], models);
    await writeModel(
      tx,
      {
        id: before?.id ?? randomUUID(),
        slug: name,
        providerId: provider.id,
        upstreamName: upstreamName ?? name,
        ...rest,
      },
      given === "keep" ? null : { validFrom: new Date(context.clock.now()), ...priceRow(price), source },
    );
    return { result: null, change: { action: "models.put", target: name, before, after: input, reason: null } };
  });
  return { body: { slug: name, ...input, price: priceWords(price) } };
}

/** The model's price from now on. Throws when it is unknown. */
function priceOf(
  context: ConsoleContext,
  name: string,
  input: Pick<z.infer<typeof modelInput>, "price" | "upstreamName"> & { prices: string | null | undefined },
) {
  const { price: given, upstreamName } = input;
  if (given !== undefined && given !== "keep") return { price: priceFrom(given), source: "operator" };
  const known =
    given === "keep" ? context.policy.snapshot.models.get(name)?.price : knownPrice(upstreamName ?? name, input.prices);
  if (known) return { price: known, source: "genai-prices" };
  const message = `The price of "${upstreamName ?? name}" is unknown. Send a price.`;
  throw new PublicError("missing_field", message, { param: "price" });
}
