/** Tokens a call used. Cached input is part of the input. Integers, never negative. */
export type Usage = { readonly inputTokens: number; readonly cachedInputTokens: number; readonly outputTokens: number };

/** What metering one answer found out. */
export type Reading = {
  /** As the provider reported it; null when it reported nothing usable. */
  readonly reported: Usage | null;
  /** The provider reported some of it and never its total. */
  readonly isPartial?: boolean;
  /** Output tokens counted from the bytes that came: the fallback, and the floor after a break. */
  readonly countedOutputTokens: number;
  /** Whether any content has been produced. */
  readonly hasContent: boolean;
};

/** A whole answer as the caller gets it, and what it used. */
export type MeteredBody = { readonly body: Record<string, unknown>; readonly reading: Reading };

/** A provider may claim anything; beyond this a number is a mistake and is treated as not reported. */
const TOKENS_MAX = 100_000_000;

/** A token count out of a provider's reply: a whole number in range, else undefined. */
export function tokenCount(value: unknown): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= TOKENS_MAX ? value : undefined;
}

/**
 * Tokens in one streamed piece of text. Providers send about one token per event, so an event counts as one; a longer
 * piece (some servers batch) counts by length, at the four characters per token usual for prose.
 */
export function countPiece(text: string): number {
  return text === "" ? 0 : Math.max(1, Math.ceil((text.length - PIECE_CHARS) / CHARS_PER_TOKEN));
}

const PIECE_CHARS = 16;
const CHARS_PER_TOKEN = 4;
