/** Tokens of an answer that have a price of their own where providers say so; each is part of the input or the output. */
export const INPUT_PARTS = ["cacheWrite", "cacheWriteHour", "audioInput", "imageInput"] as const;
export const OUTPUT_PARTS = ["reasoning", "audioOutput", "imageOutput"] as const;
export type TokenPart = (typeof INPUT_PARTS)[number] | (typeof OUTPUT_PARTS)[number];

/**
 * What a call used, in integers that are never negative. Unknown is 0 only beside an answer that delivered nothing: `billFor`
 * fills in what a provider left out.
 */
export type Usage = {
  /** All of it: fresh, cached, written to a cache, sound, pictures. */
  readonly inputTokens: number;
  /** read from a cache */
  readonly cachedInputTokens: number;
  /** All of it, reasoning too. */
  readonly outputTokens: number;
  readonly parts?: Readonly<Partial<Record<TokenPart, number>>>;
  /** what is billed by the piece: uses of hosted tools by the name of their fee */
  readonly uses?: Readonly<Record<string, number>>;
  /** the service tier that served it, as the provider names it */
  readonly serviceTier?: string;
  /** the longest input of several turns that are billed as one call; absent = there was one turn */
  readonly longestTurnTokens?: number;
  /** turns that it adds up; absent = one */
  readonly turns?: number;
};

export const NO_USAGE: Usage = { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 };
