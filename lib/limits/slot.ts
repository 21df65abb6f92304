/**
 * The whole memory of one limit for one subject: three doubles, the same for every algorithm, so that a store can
 * keep a subject as one packed string. Meaning by algorithm:
 *
 * | algorithm               | a                      | b                        | t                  |
 * |-------------------------|------------------------|--------------------------|--------------------|
 * | token, leaky bucket     | units used, not leaked | -                        | time of `a`, ms    |
 * | sliding window          | units in this window   | units in the one before  | window start, ms   |
 * | fixed, calendar window  | units in this window   | -                        | window start, ms   |
 */
export type Slot = { readonly a: number; readonly b: number; readonly t: number };

/**
 * How long a subject's saved-up credit outlives its last use. Longer than any wait for a calendar window, so that a
 * call which needs the credit still has it when its wait is over.
 */
export const CREDIT_KEPT_MS = 62 * 24 * 3_600_000;

/** Wait that no amount of time satisfies: the cost is above the capacity. */
export const NEVER = -1;
