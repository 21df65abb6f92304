import { PublicError } from "@/lib/errors";
import { inTurn, refuseWhenBusy } from "./hashing";

/** The action that needs a password, and the account and address that its tries count against. */
export type Attempted = "sign_in_account" | "confirm_session" | "confirm_account";

/** Counts tries, over all processes if they share a store. */
export type Attempts = {
  /** Counts one try. Returns the ms until the next allowed try; 0 = this try is allowed. */
  count(what: Attempted, who: string): Promise<number>;
  /** Takes back a correct try. */
  giveBack(what: Attempted, who: string): Promise<void>;
};

/**
 * Tries a password. The try is counted before the check, so parallel tries get no more attempts than sequential ones. A
 * correct password takes the count back. Throws too_many_attempts.
 */
export async function tried<T>(
  attempts: Attempts,
  against: readonly (readonly [what: Attempted, who: string])[],
  attempt: () => Promise<{ readonly isRight: boolean; readonly answer: T }>,
): Promise<T> {
  refuseWhenBusy();
  for (const [what, who] of against) {
    const blockedMs = await attempts.count(what, who);
    if (blockedMs > 0) throw tooManyAttempts(blockedMs);
  }
  const { isRight, answer } = await inTurn(attempt);
  if (isRight) for (const [what, who] of against) await attempts.giveBack(what, who);
  return answer;
}

function tooManyAttempts(blockedMs: number): PublicError {
  const seconds = Math.max(1, Math.ceil(blockedMs / 1000));
  const message = `Too many password attempts. Please try again in ${seconds}s.`;
  return new PublicError("too_many_attempts", message, { retryAfterSeconds: seconds });
}
