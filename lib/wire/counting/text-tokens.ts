const LONG_RUN = 32;

/** Tokens per character, in words of up to 32 characters and in longer ones: long unbroken runs compress badly. */
type Weights = Readonly<Record<Kind, readonly [number, number]>>;

const ASCII = {
  letter: [0.286, 0.62],
  /** inside a word: a word written so is rarely known to the encoding */
  capital: [0.5, 0.62],
  digit: [0.5, 0.6],
  otherAscii: [0.77, 0.77],
  control: [1, 1],
} as const;

/**
 * `most` is reserved. It under-estimates no measured text by more than a factor of two, not even text made to be cheap
 * here. `likely` is charged when nobody reports usage. Scripts beyond ASCII count as such texts do on average, and no
 * measured natural text is under by more than a factor of two.
 */
const WEIGHTS: Readonly<Record<"most" | "likely", Weights>> = {
  most: {
    ...ASCII,
    cyrillic: [0.95, 1.05],
    twoBytes: [0.95, 1.05],
    rareTwoBytes: [1.9, 1.9],
    threeBytes: [1.55, 1.6],
    rareThreeBytes: [1.55, 1.6],
    fourBytes: [2.1, 4],
  },
  likely: {
    ...ASCII,
    cyrillic: [0.45, 0.5],
    twoBytes: [0.6, 0.6],
    rareTwoBytes: [1.1, 1.1],
    threeBytes: [1.1, 1.1],
    rareThreeBytes: [1.6, 1.6],
    fourBytes: [1.6, 2.4],
  },
};

/** A word is hardly ever less than one token. */
const WORD_MIN = 0.55;
/** A number never includes the blank before it, as words do. */
const BLANK_BEFORE_DIGIT = 0.55;
/** White space goes with its word, or is one token with more of the same kind; another kind begins another token. */
const SAME_SPACE = 0.05;
const OTHER_SPACE = 0.55;

/**
 * Tokens of a text by character class, in one pass and without a tokenizer: byte-pair encoding takes seconds for a
 * hostile 100 KB and would stop the process. Measured against o200k_base and cl100k_base. Never above the UTF-8 byte
 * count, the true cap of byte-level encodings.
 */
export function textTokens(text: string, how: keyof typeof WEIGHTS): number {
  const meter = new TextMeter(text, how);
  meter.advance(text.length);
  return meter.tokens;
}

/** The same for long texts, in several steps: a megabyte costs some 20 ms. */
export class TextMeter {
  readonly #text: string;
  readonly #weights: Weights;
  #at = 0;
  #tokens = 0;
  #bytes = 0;
  #word = 0;
  #run = 0;
  #before = 0;

  constructor(text: string, how: keyof typeof WEIGHTS) {
    this.#text = text;
    this.#weights = WEIGHTS[how];
  }

  /** Valid once the text has been read to its end. */
  get tokens(): number {
    const tokens = this.#tokens + (this.#run === 0 ? 0 : Math.max(this.#word, WORD_MIN));
    return Math.min(Math.ceil(tokens), this.#bytes);
  }

  /** Reads about `chars` more. True: that was the end. The loop works on locals, as fields take twice as long. */
  advance(chars: number): boolean {
    const text = this.#text;
    const weights = this.#weights;
    const [letter, letterOfRun] = weights.letter;
    const until = Math.min(this.#at + chars, text.length);
    let at = this.#at;
    let tokens = this.#tokens;
    let bytes = this.#bytes;
    let word = this.#word;
    let run = this.#run;
    let before = this.#before;
    for (; at < until; at++) {
      const code = text.charCodeAt(at);
      // Most of a text is small letters, so they need no look-up.
      if (code >= SMALL_A && code <= SMALL_Z) {
        // A run of them is counted at once.
        const end = endOfLetters(text, at + 1, until);
        let left = end - at;
        bytes += left;
        if (run + left <= LONG_RUN && word === LETTERS[run]) {
          run += left;
          word = LETTERS[run] ?? 0;
        } else for (; left > 0; left--) word += ++run > LONG_RUN ? letterOfRun : letter;
        at = end - 1;
      } else if (isSpace(code)) {
        tokens += run === 0 ? 0 : Math.max(word, WORD_MIN);
        tokens += code === before || (code === BLANK && !isSpace(before)) ? SAME_SPACE : OTHER_SPACE;
        bytes += 1;
        word = 0;
        run = 0;
      } else {
        const kind = kindOf(code, run);
        if (run === 0 && kind === "digit") word += BLANK_BEFORE_DIGIT;
        run += 1;
        word += weights[kind][run > LONG_RUN ? 1 : 0];
        bytes += BYTES[kind];
        // Skip the other half of a surrogate pair.
        if (kind === "fourBytes") at += 1;
      }
      before = code;
    }
    this.#at = at;
    this.#tokens = tokens;
    this.#bytes = bytes;
    this.#word = word;
    this.#run = run;
    this.#before = before;
    return at >= text.length;
  }
}

/** The weight of this many letters that are a word by themselves. */
const LETTERS = weightsOfLetters(LONG_RUN);

/** Added one by one, as each sum is rounded: a multiplication would give other counts. */
function weightsOfLetters(most: number): readonly number[] {
  const weights = [0];
  for (let weight: number = ASCII.letter[0]; weights.length <= most; weight += ASCII.letter[0]) weights.push(weight);
  return weights;
}

/** The index behind the run of small letters at an index. */
function endOfLetters(text: string, from: number, until: number): number {
  let at = from;
  for (; at < until; at++) {
    const code = text.charCodeAt(at);
    if (code < SMALL_A || code > SMALL_Z) break;
  }
  return at;
}

type Kind = keyof typeof BYTES;

const BYTES = {
  letter: 1,
  capital: 1,
  digit: 1,
  otherAscii: 1,
  control: 1,
  cyrillic: 2,
  twoBytes: 2,
  rareTwoBytes: 2,
  threeBytes: 3,
  rareThreeBytes: 3,
  fourBytes: 4,
} as const;

const BLANK = 32;
const [SMALL_A, SMALL_Z] = [97, 122];

function isSpace(code: number): boolean {
  return code === BLANK || code === 9 || code === 10 || code === 13;
}

function kindOf(code: number, run: number): Kind {
  if (code < 32) return "control";
  if (code >= 0x800)
    return code >= 0xd800 && code <= 0xdbff ? "fourBytes" : isRare(code) ? "rareThreeBytes" : "threeBytes";
  if (code >= 0x80) return code >= 0x400 && code < 0x530 ? "cyrillic" : isRare(code) ? "rareTwoBytes" : "twoBytes";
  if (code >= SMALL_A && code <= SMALL_Z) return "letter";
  if (code >= 65 && code <= 90) return run === 0 ? "letter" : "capital";
  return code >= 48 && code <= 57 ? "digit" : "otherAscii";
}

/** Scripts whose letters are unknown to older encodings: Armenian, Syriac, Thaana, N'Ko; Ethiopic. */
function isRare(code: number): boolean {
  return (code >= 0x530 && code < 0x590) || (code >= 0x700 && code < 0x800) || (code >= 0x1200 && code < 0x13a0);
}
