/**
 * The whole memory of one limit for one subject. Meaning by algorithm:
 *
 * | algorithm               | a                      | b                | t                 | marks                         |
 * |-------------------------|------------------------|------------------|-------------------|-------------------------------|
 * | token, leaky bucket     | units used, not leaked | debt, see below  | time of `a`, ms   | layers, three numbers each    |
 * | sliding window          | units in the window    | -                | latest time, ms   | entries, two numbers each     |
 * | fixed, calendar window  | units in this window   | -                | window start, ms  | -                             |
 *
 * Debt of a bucket is what its last settlement left above the capacity at that time. It separates two levels above the
 * capacity: one lifted by an overrun, and one left there because the limit was lowered.
 */
export type Slot = { readonly a: number; readonly b: number; readonly t: number; readonly marks: readonly number[] };

export const NO_MARKS: readonly number[] = [];

/**
 * How long a subject's saved-up credit outlives its last use. Longer than any wait for a calendar window, so that a
 * call that needs the credit still has it after its wait.
 */
export const CREDIT_KEPT_MS = 62 * 24 * 3_600_000;

/** A bucket with running calls is kept this long after its last change: their refunds need its layers. */
export const OPEN_KEPT_MS = 24 * 3_600_000;

/** Ten years: a bucket that fills more slowly may be forgotten then. Stores refuse times to live that are far longer. */
export const KEPT_MAX_MS = 315_360_000_000;

/** A wait that no time satisfies: the cost is above the capacity. */
export const NEVER = -1;
