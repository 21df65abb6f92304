import { isAPIError } from "better-auth/api";
import { z } from "zod";
import { readSecondFactor, takeCode } from "@/db/queries/operators/second-factors";
import { PublicError } from "@/lib/errors";
import type { Actor, ConsoleContext } from "../../kernel/context";
import { tried } from "../tries/attempts";

const CODE_CHARS_MAX = 32;
const OF_APP = /^\d{6}$/;

/** Accepted input: an app code with or without a space, or a recovery code in upper or lower case. */
export const code = z
  .string()
  .max(CODE_CHARS_MAX)
  .transform((text) => text.replace(/\s/g, "").toLowerCase());

export function isOfApp(given: string): boolean {
  return OF_APP.test(given);
}

type Own = {
  readonly context: ConsoleContext;
  readonly session: NonNullable<Actor["session"]>;
  /** with the cookie of the session */
  readonly headers: Headers;
};

/**
 * Checks a code of the signed-in operator. An operator without a second factor needs none. Throws if the code is wrong
 * or already used, or after too many tries. A recovery code works only once.
 */
export async function checkOwnCode(own: Own, given: string | undefined): Promise<void> {
  const { context, session } = own;
  if ((await readSecondFactor(context.db, session.userId))?.verified !== true) return;
  if (given === undefined || given === "") {
    throw new PublicError("forbidden", "Enter the code from your authenticator app, or a recovery code.");
  }
  await tryCode(own, () => isRight(own, given));
}

/** Tries a code, with the attempt limits of a password. */
export async function tryCode({ context, session }: Own, attempt: () => Promise<boolean>): Promise<void> {
  const against = [
    ["confirm_session", session.id],
    ["confirm_account", session.userId],
  ] as const;
  const right = await tried(context.attempts, against, async () => {
    const isRight = await attempt();
    return { isRight, answer: isRight };
  });
  if (!right) throw new PublicError("forbidden", "The code is wrong or was already used.");
}

async function isRight({ context, session, headers }: Own, given: string): Promise<boolean> {
  const { api } = context.auth;
  if (!isOfApp(given)) {
    return accepted(() => api.verifyBackupCode({ body: { code: given, disableSession: true }, headers }));
  }
  return (
    (await accepted(() => api.verifyTOTP({ body: { code: given }, headers }))) &&
    takeCode(context.db, session.userId, given)
  );
}

/** Whether the library accepts a code. Internal errors are rethrown. */
async function accepted(ask: () => Promise<unknown>): Promise<boolean> {
  try {
    await ask();
    return true;
  } catch (thrown) {
    if (isAPIError(thrown) && thrown.status === "UNAUTHORIZED") return false;
    throw thrown;
  }
}
