/** Token counts with their own price at some providers. Each is part of the input or the output. */
export const INPUT_PARTS = ["cacheWrite", "cacheWriteHour", "audioInput", "imageInput"] as const;
export const OUTPUT_PARTS = ["reasoning", "audioOutput", "imageOutput"] as const;
export type TokenPart = (typeof INPUT_PARTS)[number] | (typeof OUTPUT_PARTS)[number];

/**
 * Usage of a call, in non-negative integers. Unknown is 0 only if the answer delivered nothing; `billFor` fills in
 * missing values.
 */
export type Usage = {
  /** The whole input: fresh, cached, written to a cache, sound, pictures. */
  readonly inputTokens: number;
  /** read from a cache */
  readonly cachedInputTokens: number;
  /** The whole output, including reasoning. */
  readonly outputTokens: number;
  readonly parts?: Readonly<Partial<Record<TokenPart, number>>>;
  /** uses of hosted tools, by fee name */
  readonly uses?: Readonly<Record<string, number>>;
  /** the service tier that served it, as the provider names it */
  readonly serviceTier?: string;
  /** the longest input of several turns that are billed as one call; absent = there was one turn */
  readonly longestTurnTokens?: number;
  /** turns summed here; absent = one */
  readonly turns?: number;
};

export const NO_USAGE: Usage = { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 };
