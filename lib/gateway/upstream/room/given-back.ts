import type { Figure } from "@/lib/policy/provider-room";

/** This many answers in a row must agree: tokens in flight to the provider look like room that was given back. */
const LOOKS_MIN = 10;
/** Less than this share of the limit is rounding. */
const SHOWN_SHARE = 0.05;
/** A result holds at least this long: other traffic on the credential looks like a provider that gives nothing back. */
const HELD_MS = 60_000;
const COUNTERS_MAX = 1000;

type Look = {
  readonly counter: string;
  /** units that the provider counts beyond our count; below 0: fewer */
  readonly more: number;
  readonly limit: number;
  readonly figure: Pick<Figure, "dimension" | "windowMs" | "givesBack">;
  /** from the call's admission to its answer; some of the room came back meanwhile */
  readonly tookMs: number;
  readonly nowMs: number;
};

/**
 * Whether a provider gives back reserved tokens that a call did not use. OpenAI and Azure count a call at its maximum
 * on arrival and keep that; Anthropic corrects it at the end. It is undocumented, so it is learned from the room in
 * answers. Until then nothing is given back here either, which costs throughput for some answers and no 429.
 */
export class GivenBack {
  readonly #seen = new Map<string, { looks: number; learnedAtMs: number }>();

  /** The evidence of one answer; null = nothing new. */
  look({ counter, more, limit, figure, tookMs, nowMs }: Look): boolean | null {
    if (figure.dimension === "requests") return null;
    const seen = this.#seen.get(counter) ?? { looks: 0, learnedAtMs: Number.NEGATIVE_INFINITY };
    if (this.#seen.size >= COUNTERS_MAX) this.#seen.clear();
    this.#seen.set(counter, seen);
    const rounding = limit * (SHOWN_SHARE + tookMs / figure.windowMs);
    const sign = figure.givesBack ? 1 : -1;
    // A counter below the provider's is raised at once, so one answer is enough to be careful again.
    const looksMin = figure.givesBack ? 1 : LOOKS_MIN;
    seen.looks = more * sign > rounding ? seen.looks + 1 : 0;
    if (seen.looks < looksMin || nowMs - seen.learnedAtMs < HELD_MS) return null;
    seen.looks = 0;
    seen.learnedAtMs = nowMs;
    return !figure.givesBack;
  }
}
