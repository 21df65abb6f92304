import type { TokenPart, Usage } from "@/lib/money/usage";
import type { MadeThing } from "./open/made-things";

/** The result of metering one answer. */
export type Reading = {
  /** The provider's report; null when it had nothing usable. */
  readonly reported: Usage | null;
  /** The provider reported a part of it and never its total. */
  readonly isPartial?: boolean;
  /** Output tokens counted from the received bytes: the fallback, and the floor after a break. May be counted when read. */
  readonly countedOutputTokens: number;
  /** They were counted by their text, not piece by piece: a report is not checked against them. */
  readonly isCountedByText?: true;
  /** Whether any content has been produced. */
  readonly hasContent: boolean;
  /** The provider's id of this answer, if it keeps it. */
  readonly answerId?: string | undefined;
  /** Other things of it that the provider keeps: later calls may name them. */
  readonly made?: readonly MadeThing[];
  /** Uses of hosted tools and the service tier seen so far, for answers without usage. */
  readonly seen?: Pick<Usage, "uses" | "serviceTier">;
};

/** A whole answer as the caller gets it, and its usage. */
export type MeteredBody = {
  readonly body: Record<string, unknown>;
  readonly reading: Reading;
  /** The answer is not JSON: the caller gets its bytes unchanged. */
  readonly isBytes?: true;
  /** The caller asked for this text, without JSON around it. */
  readonly plain?: string;
};

/** A provider may report anything; a number above this is a mistake and counts as not reported. */
const TOKENS_MAX = 100_000_000;

/** A token count from a provider's reply: a whole number in range, else undefined. */
export function tokenCount(value: unknown): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= TOKENS_MAX ? value : undefined;
}

/** The first of these members that has a count. */
export function firstCount(...values: readonly unknown[]): number | undefined {
  for (const value of values) {
    const count = tokenCount(value);
    if (count !== undefined) return count;
  }
  return undefined;
}

/** The largest count among members with the same meaning; 0 when none has one. */
export function largestCount(...values: readonly unknown[]): number {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, tokenCount(value) ?? 0);
  return largest;
}

/** A usage from the numbers read of it: parts and uses of zero are left out. */
export function usageWith(
  tokens: Pick<Usage, "inputTokens" | "cachedInputTokens" | "outputTokens">,
  more: {
    readonly parts?: Readonly<Partial<Record<TokenPart, number>>>;
    readonly uses?: Readonly<Record<string, number>>;
    readonly serviceTier?: unknown;
    readonly longestTurnTokens?: number;
    readonly turns?: number;
  },
): Usage {
  const { serviceTier, longestTurnTokens, turns = 1 } = more;
  const parts = aboveZero(more.parts ?? {});
  const uses = aboveZero(more.uses ?? {});
  const hasTier = isTierName(serviceTier);
  if (parts === null && uses === null && !hasTier && turns <= 1) {
    const { inputTokens, cachedInputTokens, outputTokens } = tokens;
    return { inputTokens, cachedInputTokens, outputTokens };
  }
  return {
    ...tokens,
    ...(parts === null ? {} : { parts }),
    ...(uses === null ? {} : { uses }),
    ...(hasTier ? { serviceTier: serviceTier.slice(0, TIER_CHARS) } : {}),
    ...(turns > 1 ? { turns, ...(longestTurnTokens === undefined ? {} : { longestTurnTokens }) } : {}),
  };
}

/** A provider may send any text. One that is no name prices nothing. */
const TIER = /^[\x20-\x7e]+$/;
const TIER_CHARS = 32;

export function isTierName(value: unknown): value is string {
  return typeof value === "string" && TIER.test(value);
}

function aboveZero(counts: Readonly<Record<string, number | undefined>>): Record<string, number> | null {
  let some: Record<string, number> | null = null;
  for (const name in counts) {
    const count = counts[name] ?? 0;
    if (count <= 0) continue;
    some ??= {};
    some[name] = count;
  }
  return some;
}

/** Two reports of the same answer combined: the larger one of each count. */
export function usesOf(...all: readonly (Usage["uses"] | undefined)[]): Record<string, number> {
  const most: Record<string, number> = {};
  for (const uses of all) {
    for (const [name, count] of Object.entries(uses ?? {})) most[name] = Math.max(most[name] ?? 0, count);
  }
  return most;
}

/**
 * A whole answer's reading. Its text is counted only on demand: where the provider reports its output, nobody asks, and
 * counting takes longer than reading the answer.
 */
export function wholeReading(
  read: Pick<Reading, "reported" | "answerId" | "made" | "seen">,
  count: () => number,
): Reading & { readonly isCountedByText: true } {
  const { reported, answerId, made = [], seen } = read;
  let counted: number | null = null;
  return {
    reported,
    get countedOutputTokens() {
      counted ??= count();
      return counted;
    },
    isCountedByText: true,
    hasContent: true,
    answerId,
    made,
    ...(seen === undefined ? {} : { seen }),
  };
}

/** A usage with things seen elsewhere: the tier that served, uses of hosted tools. Each use may have been a turn. */
export function withSeen(usage: Usage, seen: Pick<Usage, "uses" | "serviceTier">): Usage {
  const { parts, serviceTier = seen.serviceTier, turns = 1, longestTurnTokens } = usage;
  const uses = usesOf(usage.uses, seen.uses);
  const used = Object.values(uses).reduce((sum, count) => sum + count, 1);
  const { inputTokens, cachedInputTokens, outputTokens } = usage;
  return usageWith(
    { inputTokens, cachedInputTokens, outputTokens },
    {
      uses,
      serviceTier,
      turns: Math.max(turns, used),
      // Last, as a member behind a copy costs every answer microseconds.
      ...(parts === undefined ? {} : { parts }),
      ...(longestTurnTokens === undefined ? {} : { longestTurnTokens }),
    },
  );
}
