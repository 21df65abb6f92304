import type { Call } from "@/lib/wire/call";

/**
 * Input tokens to hold for a call before anyone has counted them. One pass over the text by character class, no
 * tokenizer: byte-pair encoding takes seconds for a hostile 100 KB and would stop the process. Measured against
 * o200k_base and cl100k_base on 60 kinds of text, natural ones and ones made to be cheap here, it under-estimates by at
 * most twice (bytes/4: 4.0 times); the rest is settled as debt from what the provider billed. Never above the UTF-8 byte
 * count, which is the true cap of byte-level encodings.
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
  /** not at the beginning of a word: what is written so is rarely a word that the encoding knows */
  capital: [0.5, 0.62],
  digit: [0.5, 0.6],
  otherAscii: [0.77, 0.77],
  control: [1, 1],
  twoBytes: [0.95, 1.05],
  threeBytes: [1.55, 1.6],
  fourBytes: [2.1, 4],
} as const;

/** A word is hardly ever less than one token. */
const WORD_MIN = 0.55;
/** A number never takes in the blank before it, as words do. */
const BLANK_BEFORE_DIGIT = 0.55;
/** White space goes with its word, or is one token with more of the same; where it changes another begins. */
const SAME_SPACE = 0.05;
const OTHER_SPACE = 0.55;

function estimateText(text: string): number {
  let tokens = 0;
  let bytes = 0;
  let word = 0;
  let run = 0;
  let before = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isSpace(code)) {
      tokens += run === 0 ? 0 : Math.max(word, WORD_MIN);
      tokens += code === before || (code === BLANK && !isSpace(before)) ? SAME_SPACE : OTHER_SPACE;
      bytes += 1;
      word = 0;
      run = 0;
    } else {
      const kind = kindOf(code, run);
      if (run === 0 && kind === "digit") word += BLANK_BEFORE_DIGIT;
      run += 1;
      word += WEIGHTS[kind][run > LONG_RUN ? 1 : 0];
      bytes += BYTES[kind];
      // The other half of a pair.
      if (kind === "fourBytes") at += 1;
    }
    before = code;
  }
  tokens += run === 0 ? 0 : Math.max(word, WORD_MIN);
  return Math.min(Math.ceil(tokens), bytes);
}

type Kind = keyof typeof WEIGHTS;

const BYTES: Readonly<Record<Kind, number>> = {
  ...{ letter: 1, capital: 1, digit: 1, otherAscii: 1, control: 1 },
  ...{ twoBytes: 2, threeBytes: 3, fourBytes: 4 },
};

const BLANK = 32;

function isSpace(code: number): boolean {
  return code === BLANK || code === 9 || code === 10 || code === 13;
}

function kindOf(code: number, run: number): Kind {
  if (code < 32) return "control";
  if (code >= 0x80) return code < 0x800 ? "twoBytes" : code >= 0xd800 && code <= 0xdbff ? "fourBytes" : "threeBytes";
  if (code >= 97 && code <= 122) return "letter";
  if (code >= 65 && code <= 90) return run === 0 ? "letter" : "capital";
  return code >= 48 && code <= 57 ? "digit" : "otherAscii";
}
