import { HOUR_MS } from "@/lib/clock";
import type { Intent } from "@/lib/ledger/journal-line";
import type { Usage } from "@/lib/money/usage";
import type { BatchAsked } from "@/lib/wire/call";

/** Both vendors end a batch after 24 hours. Its end must be seen within the remaining time. */
export const BATCH_MS = 27 * HOUR_MS;

/** The maximum usage of a batch. It is booked at this until its end is known. */
export function mostOf(
  intent: Pick<Intent, "estimatedInputTokens" | "reservedOutputTokens">,
  { longestInputTokens, rateAsks }: Pick<BatchAsked, "longestInputTokens" | "rateAsks">,
): Usage {
  const inputTokens = intent.estimatedInputTokens;
  const write = rateAsks?.cacheWrite ?? "ifPriced";
  return {
    inputTokens,
    cachedInputTokens: 0,
    outputTokens: intent.reservedOutputTokens,
    longestTurnTokens: longestInputTokens,
    ...(write === "ifPriced" ? {} : { parts: { [write]: inputTokens } }),
  };
}
