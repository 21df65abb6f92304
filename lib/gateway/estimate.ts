import type { Call } from "@/lib/wire/call";

/**
 * Input tokens to hold for a call before anyone has counted them. One pass over the text by character class, no
 * tokenizer: byte-pair encoding takes seconds for a hostile 100 KB and would stop the process. Measured against
 * o200k_base on 18 kinds of text it under-estimates by at most 1.9 times (bytes/4: 4.0 times); the rest is settled as
 * debt from what the provider billed. Never above the UTF-8 byte count, which is the true cap of byte-level encodings.
 */
export function estimateInputTokens(call: Call): number {
  const text = call.inputTexts.reduce((sum, piece) => sum + estimateText(piece), 0);
  return Math.ceil(text + call.messageCount * TOKENS_PER_MESSAGE + call.imageCount * TOKENS_PER_IMAGE);
}

const TOKENS_PER_MESSAGE = 8;
/** The most that a high-detail image costs at OpenAI (16 tiles) with a margin; images are never fetched to measure. */
const TOKENS_PER_IMAGE = 3000;
const LONG_RUN = 32;

/** Tokens per character, in words of up to 32 characters and beyond: long unbroken runs compress badly. */
const WEIGHTS = {
  letter: [0.286, 0.62],
  digit: [0.5, 0.6],
  otherAscii: [0.77, 0.77],
  twoBytes: [0.9, 1.0],
  threeBytes: [1.2, 1.6],
  fourBytes: [1.8, 4],
  space: [0.05, 0.05],
} as const;

function estimateText(text: string): number {
  let tokens = 0;
  let bytes = 0;
  let run = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code <= 32) {
      tokens += WEIGHTS.space[0];
      bytes += 1;
      run = 0;
      continue;
    }
    run += 1;
    const long = run > LONG_RUN ? 1 : 0;
    if (code < 0x80) {
      const lower = code | 0x20;
      const kind =
        lower >= 97 && lower <= 122 ? WEIGHTS.letter : code >= 48 && code <= 57 ? WEIGHTS.digit : WEIGHTS.otherAscii;
      tokens += kind[long];
      bytes += 1;
    } else if (code < 0x800) {
      tokens += WEIGHTS.twoBytes[long];
      bytes += 2;
    } else if (code >= 0xd800 && code <= 0xdbff) {
      tokens += WEIGHTS.fourBytes[long];
      bytes += 4;
      at += 1;
    } else {
      tokens += WEIGHTS.threeBytes[long];
      bytes += 3;
    }
  }
  return Math.min(Math.ceil(tokens), bytes);
}
