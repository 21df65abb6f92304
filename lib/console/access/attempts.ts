import { PublicError } from "@/lib/errors";

/** What is tried with a password, and against whom it is counted. */
export type Attempted = "sign_in_account" | "confirm_session" | "confirm_account";

/** Counts tries; on all processes together where they share a store. */
export type Attempts = {
  /** Counts one. Milliseconds for which nothing more may be tried; 0 = this one may be. */
  count(what: Attempted, who: string): Promise<number>;
  /** Takes one back that was right. */
  giveBack(what: Attempted, who: string): Promise<void>;
};

/**
 * Tries a password. It is counted before it is looked at, so that tries at one moment are not more than those one after
 * the other; a right one is taken back. Throws too_many_attempts.
 */
export async function tried<T>(
  attempts: Attempts,
  against: readonly (readonly [what: Attempted, who: string])[],
  attempt: () => Promise<{ readonly isRight: boolean; readonly answer: T }>,
): Promise<T> {
  for (const [what, who] of against) {
    const blockedMs = await attempts.count(what, who);
    if (blockedMs > 0) throw tooManyAttempts(blockedMs);
  }
  const { isRight, answer } = await attempt();
  if (isRight) for (const [what, who] of against) await attempts.giveBack(what, who);
  return answer;
}

function tooManyAttempts(blockedMs: number): PublicError {
  const seconds = Math.max(1, Math.ceil(blockedMs / 1000));
  const message = `Too many password attempts. Please try again in ${seconds}s.`;
  return new PublicError("too_many_attempts", message, { retryAfterSeconds: seconds });
}
