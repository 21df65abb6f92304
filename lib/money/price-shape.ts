import { z } from "zod";
import { INPUT_PARTS, OUTPUT_PARTS } from "./usage";

const INTEGER_MAX = 2_147_483_647;
const rate = z.number().int().min(0);
const count = z.number().int().min(0).max(INTEGER_MAX);
const part = z.enum([...INPUT_PARTS, ...OUTPUT_PARTS]);

const rates = z.object({
  input: rate,
  cachedInput: rate,
  output: rate,
  cacheWrite: rate.exactOptional(),
  cacheWriteHour: rate.exactOptional(),
  audioInput: rate.exactOptional(),
  imageInput: rate.exactOptional(),
  reasoning: rate.exactOptional(),
  audioOutput: rate.exactOptional(),
  imageOutput: rate.exactOptional(),
});
const card = rates.extend({ longContext: z.array(rates.extend({ aboveInputTokens: count })).exactOptional() });

/** A price as stored with a reservation and in the journal. */
export const priceShape = card.extend({
  serviceTiers: z.record(z.string(), card).exactOptional(),
  fees: z.record(z.string(), rate).exactOptional(),
});

/** Usage noted while a call runs. */
export const usageShape = z.object({
  inputTokens: count,
  cachedInputTokens: count,
  outputTokens: count,
  parts: z.partialRecord(part, count).exactOptional(),
  uses: z.record(z.string(), count).exactOptional(),
  serviceTier: z.string().exactOptional(),
  longestTurnTokens: count.exactOptional(),
  turns: count.exactOptional(),
});

/** One line of a bill, as the journal has it. */
export const costLineShape = z.object({ of: z.string(), count, rate });
