import type { Call } from "@/lib/wire/call";
import { textTokens } from "@/lib/wire/counting/text-tokens";

/**
 * Input tokens to hold for a call before anyone has counted them. It under-estimates no text that was measured by more than
 * twice (`textTokens`); the rest is settled as debt from what the provider billed.
 */
export function estimateInputTokens(call: Call): number {
  const text = call.inputTexts.reduce((sum, piece) => sum + textTokens(piece, "most"), 0);
  const fixed = call.messageCount * TOKENS_PER_MESSAGE + call.imageCount * TOKENS_PER_IMAGE + (call.inputTokenIds ?? 0);
  return Math.ceil(text + fixed);
}

/** So many times the estimate the input may be at most, of any text that was measured. */
export const ESTIMATE_BOUND = 2;

const TOKENS_PER_MESSAGE = 8;
/** The most that a high-detail image costs at OpenAI (16 tiles) with a margin; images are never fetched to measure. */
const TOKENS_PER_IMAGE = 3000;
