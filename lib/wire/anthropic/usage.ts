import { servedAs } from "@/lib/money/served-as";
import type { Usage } from "@/lib/money/usage";
import { isObject, listOf, member } from "../json/object";
import { isTierName, tokenCount, usageWith } from "../usage";

const COUNTS = ["input", "output", "cacheRead", "cacheWrite", "cacheWriteHour", "webSearches", "codeRuns"] as const;
type Counts = Partial<Record<(typeof COUNTS)[number], number>>;

/**
 * Anthropic's usage, gathered over an answer. Its `input_tokens` exclude cached input, so all kinds are added up. Counts are
 * cumulative, so the largest wins. Listed turns (compaction, advisor) are billed separately, and not all are in the totals.
 */
export class AnthropicUsage {
  #counts: Counts = {};
  #serviceTier: string | undefined;
  #turns: readonly Counts[] = [];

  take(value: unknown): void {
    if (!isObject(value)) return;
    const turns = listOf(value.iterations).filter(isObject).map(countsOf);
    if (turns.length >= this.#turns.length) this.#turns = turns;
    this.#counts = larger(larger(this.#counts, countsOf(value)), sum(turns));
    // Anthropic's priority tier is paid by commitment, not by the token.
    const { service_tier: tier, speed, inference_geo: geo } = value;
    const rated = { tier: tier === "batch" ? tier : "", speed, geo: isTierName(geo) ? geo : undefined };
    this.#serviceTier = servedAs(rated) ?? this.#serviceTier;
  }

  /** null until both sides are known. */
  usage(): Usage | null {
    const { input, output, cacheRead = 0, cacheWrite = 0, cacheWriteHour = 0, webSearches, codeRuns } = this.#counts;
    if (input === undefined || output === undefined) return null;
    return usageWith(
      { inputTokens: input + cacheRead + cacheWrite, cachedInputTokens: cacheRead, outputTokens: output },
      {
        parts: { cacheWrite: cacheWrite - Math.min(cacheWriteHour, cacheWrite), cacheWriteHour },
        uses: { web_search: webSearches ?? 0, code_execution: codeRuns ?? 0 },
        serviceTier: this.#serviceTier,
        turns: this.#turns.length,
        longestTurnTokens: Math.max(0, ...this.#turns.map(inputOf)),
      },
    );
  }
}

function countsOf(usage: Record<string, unknown>): Counts {
  const tools = usage.server_tool_use;
  const hour = tokenCount(member(usage.cache_creation, "ephemeral_1h_input_tokens"));
  const written = (tokenCount(member(usage.cache_creation, "ephemeral_5m_input_tokens")) ?? 0) + (hour ?? 0);
  const told = {
    input: tokenCount(usage.input_tokens),
    output: tokenCount(usage.output_tokens),
    cacheRead: tokenCount(usage.cache_read_input_tokens),
    cacheWrite: Math.max(tokenCount(usage.cache_creation_input_tokens) ?? 0, written),
    cacheWriteHour: hour,
    webSearches: tokenCount(member(tools, "web_search_requests")),
    codeRuns: tokenCount(member(tools, "code_execution_requests")),
  };
  return Object.fromEntries(Object.entries(told).filter(([, count]) => count !== undefined));
}

function larger(one: Counts, other: Counts): Counts {
  return joined(one, other, Math.max);
}

function sum(all: readonly Counts[]): Counts {
  return all.reduce<Counts>((total, one) => joined(total, one, (a, b) => a + b), {});
}

function joined(one: Counts, other: Counts, how: (a: number, b: number) => number): Counts {
  const counts: Counts = {};
  for (const name of COUNTS) {
    const [a, b] = [one[name], other[name]];
    const both = a === undefined ? b : b === undefined ? a : how(a, b);
    if (both !== undefined) counts[name] = both;
  }
  return counts;
}

function inputOf({ input = 0, cacheRead = 0, cacheWrite = 0 }: Counts): number {
  return input + cacheRead + cacheWrite;
}
