import { PublicError } from "@/lib/errors";

/**
 * To hash a password takes 16 MB and a tenth of a second of one of four threads, which files and name look-ups need as
 * well. Passwords from however many addresses get two of them; the database and the console keep the others.
 */
const AT_ONCE = 2;
const WAITING_MAX = 30;

let running = 0;
const waiting: (() => void)[] = [];

/** Throws too_many_attempts when so many wait that the next one would wait for seconds. To be asked before anything is counted. */
export function refuseWhenBusy(): void {
  if (waiting.length < WAITING_MAX) return;
  throw new PublicError("too_many_attempts", "Too many passwords are being checked. Please try again in 2s.", {
    retryAfterSeconds: 2,
  });
}

/** Does something with a password when it is its turn, in the order of asking. */
export async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  else running += 1;
  try {
    return await work();
  } finally {
    // The next one takes the place over.
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  }
}
