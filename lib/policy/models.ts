import type { ConfigRows } from "@/db/queries/limits/config";
import { priceOf } from "@/lib/money/price";
import type { Model, Provider } from "@/lib/providers/catalog";

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

function providerOf(row: ConfigRows["providers"][number]): Provider {
  const dialect = row.dialect === "anthropic" ? "anthropic" : "openai";
  const { id, slug, preset, baseUrl, credentialEnv, credentialSealed, allowLocal, continuousUsage, strict } = row;
  const { answerSeconds, silenceSeconds } = row;
  const address = { preset, baseUrl, credentialEnv, credentialSealed, allowLocal };
  const { coolsDown, requestsPerMinute, tokensPerMinute } = row;
  const service = {
    coolsDown,
    requestsPerMinute,
    tokensPerMinute,
    isTakenOut: row.takenOutReason !== null,
    reopenedAtMs: row.reopenedAt?.getTime() ?? 0,
  };
  return { id, slug, dialect, ...address, continuousUsage, strict, answerSeconds, silenceSeconds, ...service };
}
