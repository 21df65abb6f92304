import type { Call } from "@/lib/wire/call";
import { TextMeter } from "@/lib/wire/counting/text-tokens";
import { noted } from "../exchange/noted";

/**
 * Input tokens to hold for a call before anyone has counted them. It under-estimates no text that was measured by more than
 * twice (`textTokens`); the rest is settled as debt from what the provider billed.
 */
export function estimateInputTokens(call: Call): number {
  const steps = estimatingInputTokens(call);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** So many times the estimate the input may be at most, of any text that was measured. */
export const ESTIMATE_BOUND = 2;

/**
 * The same in steps of a fraction of a millisecond: 4 MiB take up to 100 ms. What it finds is kept with the call, as each
 * way to serve it asks for it.
 */
export function* estimatingInputTokens(call: Call): Generator<void, number> {
  const known = ESTIMATES.get(call);
  if (known !== undefined) return known;
  let text = 0;
  let chars = 0;
  for (const piece of call.inputTexts) {
    const meter = new TextMeter(piece, "most");
    while (!meter.advance(STEP_CHARS)) yield;
    text += meter.tokens;
    chars += piece.length;
    if (chars < STEP_CHARS) continue;
    chars = 0;
    yield;
  }
  const fixed = call.messageCount * TOKENS_PER_MESSAGE + call.imageCount * TOKENS_PER_IMAGE + (call.inputTokenIds ?? 0);
  const tokens = Math.ceil(text + fixed);
  ESTIMATES.set(call, tokens);
  return tokens;
}

/** Counts tokens that a call does not send itself, as its provider keeps them. To be said before anybody asks. */
export function addToEstimate(call: Call, tokens: number): void {
  ESTIMATES.set(call, estimateInputTokens(call) + tokens);
}

const ESTIMATES = noted<Call, number>();
const STEP_CHARS = 8 * 1024;
const TOKENS_PER_MESSAGE = 8;
/** The most that a high-detail image costs at OpenAI (16 tiles) with a margin; images are never fetched to measure. */
const TOKENS_PER_IMAGE = 3000;
