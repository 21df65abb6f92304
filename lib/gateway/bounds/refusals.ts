import { PublicError } from "@/lib/errors";

export function overloaded(): PublicError {
  return new PublicError("overloaded", "Too many concurrent calls. Please try again in 1s.", {
    retryAfterSeconds: 1,
  });
}

export function tooMuch(what: string): PublicError {
  const message = `There are already ${what}. Please try again in 1s.`;
  return new PublicError("too_much_at_once", message, { retryAfterSeconds: 1 });
}

export function tooManyFailed(waitMs: number): PublicError {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  const message = `Too many calls of this key were invalid. Please correct them and try again in ${seconds}s.`;
  return new PublicError("too_many_failed_calls", message, { retryAfterSeconds: seconds });
}

export function tooManyReads(waitMs: number): PublicError {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  const message = `Too many reads with this key. Please try again in ${seconds}s.`;
  return new PublicError("too_many_attempts", message, { retryAfterSeconds: seconds });
}
