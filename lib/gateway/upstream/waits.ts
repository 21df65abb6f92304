import type { Provider } from "@/lib/providers/catalog";

/** Timeouts for a provider, in ms. */
export type Waits = {
  /** until it begins to answer */
  readonly headersMs: number;
  /** silence within a started answer */
  readonly idleMs: number;
  readonly totalMs: number;
};

/**
 * The timeouts for one call: its provider's own, otherwise the process's. An answer in one piece may be silent within
 * as long as before it, because some servers send their headers at once and work then.
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
