/** What a provider bills for one call, part by part. */
export type Parts = {
  readonly fresh: number;
  readonly cached: number;
  readonly written: number;
  readonly writtenHour: number;
  /** output that is no reasoning */
  readonly text: number;
  readonly reasoning: number;
  readonly searches: number;
  readonly isFlex: boolean;
};

export type Wire = "chat" | "messages" | "responses" | "embeddings";
export type Ending = "complete" | "uncounted" | "cut" | "left" | "refused";

/** How a call goes, how it ends, and in which form its bill comes. */
export type Planned = {
  readonly number: number;
  readonly path: string;
  readonly model: string;
  /** what its provider speaks */
  readonly wire: Wire;
  readonly stream: boolean;
  readonly ending: Ending;
  readonly parts: Parts;
  /** which members of `usage` tell it, and where it stands in a stream */
  readonly form: string;
  readonly place: string;
  readonly isTool: boolean;
  /** pieces that are delivered, of a tool's arguments with their brackets; each is one token */
  readonly words: readonly string[];
  readonly status: number;
};

const WAYS = [
  { path: "/v1/chat/completions", model: "mix-o", wire: "chat" },
  { path: "/v1/chat/completions", model: "mix-a", wire: "messages" },
  { path: "/v1/messages", model: "mix-a", wire: "messages" },
  { path: "/v1/messages", model: "mix-o", wire: "chat" },
  { path: "/v1/responses", model: "mix-o", wire: "responses" },
  { path: "/v1/embeddings", model: "mix-o", wire: "embeddings" },
] as const;

const ENDINGS = [
  "complete",
  "complete",
  "complete",
  "complete",
  "complete",
  "uncounted",
  "cut",
  "left",
  "refused",
] as const;
const FORMS: Readonly<Record<Wire, readonly string[]>> = {
  chat: ["details", "hits", "beside", "top", "anthropic"],
  messages: ["plain", "turns"],
  responses: ["details"],
  embeddings: ["plain", "total"],
};
const PLACES: Readonly<Record<Wire, readonly string[]>> = {
  chat: ["choice", "own", "every", "twice", "groq"],
  messages: ["start", "delta"],
  responses: ["end"],
  embeddings: ["whole"],
};
const STATUSES = [400, 401, 404, 413, 429, 500, 503, 529] as const;

const WORDS = [" water", " river", " lake", " gate", " flow", " level", " flood", " rain"] as const;
/** Who leaves does so when it has read this. */
export const LAST_WORD = " dam";

/** More input than this has its own rates. */
export const LONG_TOKENS = 200_000;
const LONG_SHARE = 0.08;

/** A generator of its own, so that a seed repeats a run: mulberry32. */
export function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function plannedCall(number: number, random: () => number): Planned {
  const upTo = (most: number) => Math.floor(random() * (most + 1));
  const pick = <T>(list: readonly [T, ...T[]] | readonly T[]): T => {
    const one = list[upTo(list.length - 1)];
    if (one === undefined) throw new Error("nothing to pick from");
    return one;
  };
  const way = pick(WAYS);
  const isEmbedding = way.wire === "embeddings";
  const wanted = pick(ENDINGS);
  const ending = isEmbedding && wanted !== "refused" ? "complete" : wanted;
  const isWholeEnding = ending === "complete" || ending === "refused";
  const stream = !isEmbedding && (!isWholeEnding || random() < 0.6);
  const isTool = !isEmbedding && random() < 0.3;
  const said = Array.from({ length: 5 + upTo(20) }, () => pick(WORDS));
  const words = isEmbedding ? [] : isTool ? ['{"', "a", '":"', ...said, LAST_WORD, '"}'] : [...said, LAST_WORD];
  const form = pick(FORMS[way.wire]);
  return {
    number,
    ...way,
    stream,
    ending,
    words,
    form,
    place: pick(PLACES[way.wire]),
    parts: partsOf({ ...way, form, ending, words: words.length }, { random, upTo }),
    isTool,
    status: pick(STATUSES),
  };
}

function partsOf(
  call: { wire: Wire; form: string; ending: Ending; words: number },
  { random, upTo }: { random: () => number; upTo: (most: number) => number },
): Parts {
  const { wire, form, ending, words } = call;
  const isAnthropic = wire === "messages";
  const thinks = wire === "chat" || wire === "responses";
  const isLong = form !== "turns" && random() < LONG_SHARE;
  const some = (isThere: boolean, most: number) => (isThere && random() < 0.5 ? 1 + upTo(most) : 0);
  // What breaks off has delivered its words and no more.
  const isWhole = ending === "complete";
  return {
    fresh: 1 + upTo(3000) + (isLong ? LONG_TOKENS : 0),
    cached: some(wire !== "embeddings", 9000),
    written: some(isAnthropic, 2000),
    writtenHour: some(isAnthropic, 2000),
    text: isWhole ? words + some(wire !== "embeddings", 800) : words,
    reasoning: isWhole ? some(thinks, 900) : 0,
    searches: isWhole ? some(wire !== "embeddings", 3) : 0,
    isFlex: isWhole && thinks && random() < 0.2,
  };
}

/** Micro-dollars per million tokens. */
type Rates = { input: number; cached: number; output: number; reasoning: number; written: number; hour: number };
const PLAIN: Rates = {
  input: 1_000_003,
  cached: 100_001,
  output: 5_000_017,
  reasoning: 3_000_011,
  written: 1_250_001,
  hour: 2_000_003,
};
const LONG: Rates = {
  input: 2_000_003,
  cached: 200_001,
  output: 7_500_017,
  reasoning: 4_000_011,
  written: 2_500_001,
  hour: 4_000_003,
};
const FLEX: Rates = {
  input: 500_003,
  cached: 50_001,
  output: 2_500_017,
  reasoning: 1_500_011,
  written: 600_001,
  hour: 1_000_003,
};
const SEARCH_MICRO_USD = 7000;

const words = (rates: Rates) => ({
  inputMicroUsdPerMillion: rates.input,
  cachedInputMicroUsdPerMillion: rates.cached,
  outputMicroUsdPerMillion: rates.output,
  reasoningMicroUsdPerMillion: rates.reasoning,
  cacheWriteMicroUsdPerMillion: rates.written,
  cacheWriteHourMicroUsdPerMillion: rates.hour,
});

/** The price list, as the admin API takes it. */
export const PRICE = {
  ...words(PLAIN),
  tiers: [{ aboveInputTokens: LONG_TOKENS, ...words(LONG) }],
  serviceTiers: { flex: words(FLEX) },
  feesMicroUsd: { web_search: SEARCH_MICRO_USD },
};

export function inputOf({ fresh, cached, written, writtenHour }: Parts): number {
  return fresh + cached + written + writtenHour;
}

/** What the provider asks for it, in whole micro-dollars, rounded up once. */
export function billOf(parts: Parts): number {
  const rates = parts.isFlex ? FLEX : inputOf(parts) > LONG_TOKENS ? LONG : PLAIN;
  const tokens: readonly (readonly [number, number])[] = [
    [parts.fresh, rates.input],
    [parts.cached, rates.cached],
    [parts.written, rates.written],
    [parts.writtenHour, rates.hour],
    [parts.text, rates.output],
    [parts.reasoning, rates.reasoning],
    [parts.searches, SEARCH_MICRO_USD * 1_000_000],
  ];
  const total = tokens.reduce((sum, [count, rate]) => sum + BigInt(count) * BigInt(rate), 0n);
  return Number((total + 999_999n) / 1_000_000n);
}
