import type { ConfigRows } from "@/db/queries/limits/config";
import { priceOf } from "@/lib/money/price";
import type { Model, Provider } from "@/lib/providers/catalog";
import { type CredentialRow, credentialId, credentialsOf } from "./rows/credential-row";
import { serviceTiersOf } from "./rows/service-tiers";

/** The enabled models with their providers and the prices in force. */
export function modelsOf(rows: ConfigRows): Model[] {
  const providers = new Map(rows.providers.map((row) => [row.id, providerOf(row)]));
  const prices = new Map(rows.prices.map((row) => [row.modelId, row]));
  return rows.models.flatMap((row) => {
    const provider = providers.get(row.providerId);
    const price = prices.get(row.id);
    if (provider === undefined) return [];
    return {
      ...row,
      provider,
      createdAt: Math.floor(row.createdAt.getTime() / 1000),
      price: price === undefined ? null : priceOf(price),
    };
  });
}

/** A provider with all its credentials. One that has none of its own is called with the others only. */
function providerOf(row: ConfigRows["providers"][number]): Provider {
  const own = ownOf(row);
  const more = credentialsOf(row.credentials);
  if (more.length === 0) return own;
  const others = more.map((one) => ({ weight: one.weight, provider: withCredential(own, one) }));
  const hasOwn = own.credentialEnv !== null || own.credentialSealed !== null;
  return { ...own, ways: hasOwn ? [{ weight: row.credentialWeight, provider: own }, ...others] : others };
}

function withCredential(own: Provider, one: CredentialRow): Provider {
  const { name, credentialEnv, credentialSealed, takenOutReason, reopenedAtMs } = one;
  return {
    ...own,
    credentialEnv,
    credentialSealed,
    credentialId: credentialId(own.id, name),
    // A provider that is taken out is so with all its credentials.
    isTakenOut: own.isTakenOut || takenOutReason !== null,
    reopenedAtMs: Math.max(own.reopenedAtMs, reopenedAtMs),
  };
}

function ownOf(row: ConfigRows["providers"][number]): Provider {
  const dialect = row.dialect === "anthropic" ? "anthropic" : "openai";
  const { id, slug, preset, baseUrl, credentialEnv, credentialSealed, allowLocal, continuousUsage, strict } = row;
  const { answerSeconds, silenceSeconds } = row;
  const address = { preset, baseUrl, credentialEnv, credentialSealed, allowLocal };
  const { coolsDown, requestsPerMinute, tokensPerMinute, ramps } = row;
  const service = {
    serviceTiers: serviceTiersOf(row.serviceTiers),
    ramps,
    coolsDown,
    requestsPerMinute,
    tokensPerMinute,
    isTakenOut: row.takenOutReason !== null,
    reopenedAtMs: row.reopenedAt?.getTime() ?? 0,
    credentialId: id,
    ways: [],
  };
  return { id, slug, dialect, ...address, continuousUsage, strict, answerSeconds, silenceSeconds, ...service };
}
