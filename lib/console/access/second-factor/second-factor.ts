import { isAPIError } from "better-auth/api";
import { z } from "zod";
import { dropSecondFactor, readSecondFactor, takeCode } from "@/db/queries/operators/second-factors";
import { confirmSession, endOtherSessions, endSessions } from "@/db/queries/operators/staff";
import { PublicError } from "@/lib/errors";
import { change } from "../../kernel/change";
import type { AdminRequest, ArrivedRequest } from "../../kernel/door";
import { sessionActor } from "../../kernel/door";
import { checkOwnPassword, needsConfirmation, ownSession } from "../sessions";
import { foundStaff } from "../staff";
import { checkOwnCode, code, tryCode } from "./own-code";

const password = z.string().min(1).max(256);
export const beginInput = z.strictObject({ password });
export const completeInput = z.strictObject({ code });
export const ownFactorInput = z.strictObject({ password, code });

/**
 * GET /api/admin/second-factor: whether the signed-in operator has a second factor, and the number of unused recovery
 * codes.
 */
export async function readOwnSecondFactor({ context, actor }: AdminRequest) {
  const { session } = actor;
  if (session === null || !(await isOn(context, session.userId))) return { body: { on: false, recoveryCodes: 0 } };
  const { backupCodes } = await context.auth.api.viewBackupCodes({ body: { userId: session.userId } });
  return { body: { on: true, recoveryCodes: backupCodes.length } };
}

/**
 * POST /api/admin/second-factor: creates a secret and recovery codes, shown once. In force after its first correct
 * code.
 */
export async function beginSecondFactor({ context, actor, input, headers }: ArrivedRequest<typeof beginInput>) {
  const session = await checkOwnPassword({ context, actor }, input.password);
  if (await isOn(context, session.userId)) throw alreadyOn();
  const made = await change(context, actor, async () => {
    const result = await context.auth.api.enableTwoFactor({ body: { password: input.password }, headers });
    return { result, change: entry("account.second-factor-begin", actor.name) };
  });
  if (made.method !== "totp") throw new Error("the sign-in library made another factor than was asked for");
  return { status: 201, body: { uri: made.totpURI, recoveryCodes: made.backupCodes } };
}

/**
 * POST /api/admin/second-factor/code: the first code of the app turns the factor on. The session gets a new secret, and
 * every other session of the operator ends: they were opened without a code.
 */
export async function completeSecondFactor({ context, actor, input, headers }: ArrivedRequest<typeof completeInput>) {
  const session = ownSession(actor);
  const { userId } = session;
  const begun = await readSecondFactor(context.db, userId);
  if (begun === null) throw new PublicError("conflict", "No app is being set up. Start with your password.");
  if (begun.verified) throw alreadyOn();
  const cookies: string[] = [];
  await tryCode({ context, session, headers }, async () => {
    const given = await context.auth.api
      .verifyTOTP({ body: { code: input.code }, headers, returnHeaders: true })
      .catch(asWrong);
    cookies.push(...(given?.headers.getSetCookie() ?? []));
    return given !== null;
  });
  const renewed = new Headers({ cookie: cookies.map((one) => one.split(";")[0]).join("; ") });
  const keep = (await sessionActor(context, renewed))?.session?.id ?? session.id;
  const ended = await change(context, actor, async (tx) => {
    await takeCode(tx, userId, input.code);
    await confirmSession(tx, keep, new Date(context.clock.now()));
    const result = await endOtherSessions(tx, { userId, keep });
    return { result, change: entry("account.second-factor-on", actor.name) };
  });
  return { body: { on: true, ended }, cookies };
}

/** DELETE /api/admin/second-factor: off, by password and code. */
export async function endSecondFactor(request: ArrivedRequest<typeof ownFactorInput>) {
  const { context, actor } = request;
  const { userId } = await checkBoth(request);
  await change(context, actor, async (tx) => {
    await dropSecondFactor(tx, userId);
    return { result: null, change: entry("account.second-factor-off", actor.name) };
  });
  return { body: { on: false } };
}

/**
 * POST /api/admin/second-factor/recovery-codes: creates new codes. Needs password and code. Earlier codes stop working.
 */
export async function renewRecoveryCodes(request: ArrivedRequest<typeof ownFactorInput>) {
  const { context, actor, input, headers } = request;
  await checkBoth(request);
  const { backupCodes } = await change(context, actor, async () => {
    const result = await context.auth.api.generateBackupCodes({ body: { password: input.password }, headers });
    return { result, change: entry("account.recovery-codes", actor.name) };
  });
  return { status: 201, body: { recoveryCodes: backupCodes } };
}

/** DELETE /api/admin/staff/{id}/second-factor: resets the factor of an operator who lost it. Their sessions end. */
export async function resetSecondFactor({ context, actor, params }: AdminRequest) {
  needsConfirmation({ context, actor }, "Resetting an operator's second factor");
  const { email, ended } = await change(context, actor, async (tx) => {
    const { row } = await foundStaff(tx, params.id);
    if (row.email === actor.name)
      throw new PublicError("forbidden", "Turn off your own second factor under Settings, with a code.");
    if (!(await dropSecondFactor(tx, row.id))) {
      throw new PublicError("conflict", "This operator has no second factor.");
    }
    const ended = await endSessions(tx, row.id);
    return { result: { email: row.email, ended }, change: entry("staff.second-factor", row.email) };
  });
  return { body: { email, ended } };
}

async function checkBoth({ context, actor, input, headers }: ArrivedRequest<typeof ownFactorInput>) {
  const session = await checkOwnPassword({ context, actor }, input.password);
  if (!(await isOn(context, session.userId))) throw new PublicError("conflict", "You have no second factor.");
  await checkOwnCode({ context, session, headers }, input.code);
  return session;
}

async function isOn(context: AdminRequest["context"], userId: string): Promise<boolean> {
  return (await readSecondFactor(context.db, userId))?.verified === true;
}

function alreadyOn(): PublicError {
  return new PublicError("conflict", "Your second factor is already on. Turn it off first.");
}

function asWrong(thrown: unknown): null {
  if (isAPIError(thrown) && thrown.status === "UNAUTHORIZED") return null;
  throw thrown;
}

function entry(action: string, target: string) {
  return { action, target, before: null, after: null, reason: null };
}
