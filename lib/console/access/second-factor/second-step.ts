import { z } from "zod";
import { takeCode } from "@/db/queries/operators/second-factors";
import { endSession } from "@/db/queries/operators/staff";
import { PublicError } from "@/lib/errors";
import { ADDRESS_HEADER } from "../../kernel/address-header";
import type { ConsoleContext } from "../../kernel/context";
import { sessionActor } from "../../kernel/door";
import { code } from "./own-code";

export const secondStepBody = z.strictObject({ code });

/** The second step of a sign-in, with an app code or a recovery code. */
export const SECOND_STEPS: ReadonlySet<string> = new Set([
  "POST /api/auth/two-factor/verify-totp",
  "POST /api/auth/two-factor/verify-backup-code",
]);

const PENDING_COOKIE = "two_factor";

/** Whether the answer to a password asks for a code. Then nobody is signed in yet. */
export async function asksForCode(answer: Response): Promise<boolean> {
  if (!answer.ok) return false;
  const told: unknown = await answer.clone().json();
  return z.object({ twoFactorRedirect: z.literal(true) }).safeParse(told).success;
}

/** Keeps only the cookie of the first step. With a session cookie the library would check any number of codes. */
export function withoutSession(headers: Headers): Headers {
  const own = new Headers(headers);
  own.set(
    "cookie",
    cookiesOf(headers)
      .filter((one) => nameOf(one).endsWith(PENDING_COOKIE))
      .join("; "),
  );
  return own;
}

/**
 * The operator whose sign-in waits for a code, for the audit log. The cookie is random and stored on our side. Its
 * signature is checked later.
 */
export async function waitingFor(context: ConsoleContext, headers: Headers): Promise<string> {
  const cookie = cookiesOf(headers).find((one) => nameOf(one).endsWith(PENDING_COOKIE)) ?? "";
  const identifier = decoded(cookie.slice(cookie.indexOf("=") + 1)).split(".")[0] ?? "";
  const { internalAdapter } = await context.auth.$context;
  const pending = identifier === "" ? null : await internalAdapter.findVerificationValue(identifier);
  const one = pending === null ? null : await internalAdapter.findUserById(pending.value);
  return one?.email ?? "a second factor";
}

/** An app code works once. A session that was opened with a used code is ended. */
export async function refuseUsedCode(context: ConsoleContext, answer: Response, given: string): Promise<void> {
  const cookies = answer.headers.getSetCookie().map((one) => one.split(";")[0]);
  const actor = await sessionActor(context, new Headers({ cookie: cookies.join("; "), [ADDRESS_HEADER]: "" }));
  const session = actor?.session ?? null;
  if (session === null || (await takeCode(context.db, session.userId, given))) return;
  await endSession(context.db, session);
  throw new PublicError("unauthenticated", "This code was already used. Wait for the next code.");
}

/** A cookie is what its sender wants: one that is not encoded as ours are names nothing. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

function cookiesOf(headers: Headers): string[] {
  return (headers.get("cookie") ?? "").split(/; */);
}

function nameOf(cookie: string): string {
  return cookie.slice(0, cookie.indexOf("="));
}
