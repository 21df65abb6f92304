import type { Call } from "@/lib/wire/call";
import { TextMeter } from "@/lib/wire/counting/text-tokens";
import { noted } from "../exchange/noted";

/**
 * Estimated input tokens to reserve for a call. No measured text was under-estimated by more than a factor of two
 * (`textTokens`). A shortfall is settled as debt from the provider's bill.
 */
export function estimateInputTokens(call: Call): number {
  const steps = estimatingInputTokens(call);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Largest ratio of billed input to the estimate, over all measured texts. */
export const ESTIMATE_BOUND = 2;

/**
 * The same in steps of less than a millisecond: 4 MiB take up to 100 ms. The result is kept with the call, because each
 * way to serve it needs it.
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

/** Adds tokens that the provider stores and the call does not send. Call it before the estimate is read. */
export function addToEstimate(call: Call, tokens: number): void {
  ESTIMATES.set(call, estimateInputTokens(call) + tokens);
}

const ESTIMATES = noted<Call, number>();
const STEP_CHARS = 8 * 1024;
const TOKENS_PER_MESSAGE = 8;
/** Upper bound for a high-detail image at OpenAI (16 tiles) with a margin. Images are never fetched for measurement. */
const TOKENS_PER_IMAGE = 3000;
