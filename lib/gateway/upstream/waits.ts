import type { Provider } from "@/lib/providers/catalog";

/** How long is waited for a provider, in ms. */
export type Waits = {
  /** until it begins to answer */
  readonly headersMs: number;
  /** within an answer that has begun */
  readonly idleMs: number;
  readonly totalMs: number;
};

/**
 * The waits for one call: what its provider has of its own, else what the process has. An answer in one piece may be as
 * silent within as before, as some servers send their headers at once and think then.
 */
export function waitsFor(
  usual: Waits,
  { answerSeconds, silenceSeconds }: Pick<Provider, "answerSeconds" | "silenceSeconds">,
  isStream: boolean,
): Waits {
  const headersMs = answerSeconds === null ? usual.headersMs : answerSeconds * 1000;
  const silenceMs = silenceSeconds === null ? usual.idleMs : silenceSeconds * 1000;
  const idleMs = isStream ? silenceMs : Math.max(silenceMs, headersMs);
  return { headersMs, idleMs, totalMs: Math.max(usual.totalMs, headersMs, idleMs) };
}
