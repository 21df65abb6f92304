import type { Algorithm } from "./algorithm";
import { tokenBucket } from "./token-bucket";

/**
 * Leaky bucket as a meter: what was admitted leaks at capacity per period, and the next call passes only when the
 * bucket is empty. So nothing bursts: calls are spaced by their own size, and the worst case in any interval T is one
 * call + capacity * T / period. Use it to smooth traffic towards a provider; a single call may be as large as the
 * capacity. The slot is the token bucket's (units not yet leaked).
 */
export const leakyBucket: Algorithm = {
  advance: tokenBucket.advance,
  level: tokenBucket.level,
  fits(rule, level, cost) {
    return level <= 0 && cost <= rule.capacity;
  },
  guessWaitMs(rule, slot, { level, now }) {
    return tokenBucket.guessWaitMs(rule, slot, { level, cost: rule.capacity, now });
  },
  take: tokenBucket.take,
  correct: tokenBucket.correct,
  restMs: tokenBucket.restMs,
  emptyInMs: tokenBucket.emptyInMs,
};
