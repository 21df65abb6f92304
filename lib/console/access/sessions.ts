import { z } from "zod";
import { confirmSession, endSession, readSessions, type SessionRow } from "@/db/queries/operators/staff";
import { PublicError } from "@/lib/errors";
import { change } from "../kernel/change";
import type { Actor, ConsoleContext } from "../kernel/context";
import type { AdminRequest, ArrivedRequest } from "../kernel/door";
import { SESSION_MAX_MS } from "./auth";
import { recordDone } from "./record-access";
import { checkOwnCode, code } from "./second-factor/own-code";
import { tried } from "./tries/attempts";

/** How long a confirmed password is valid for sensitive actions. */
const CONFIRMED_MS = 10 * 60_000;

export const confirmInput = z.strictObject({
  password: z.string().min(1).max(256),
  /** of the authenticator app, or a recovery code; for operators who have a second factor */
  code: code.optional(),
});

export type SessionView = ReturnType<typeof shown>;

/** Throws if the operator's last password confirmation is too old for a sensitive action. The operator token passes. */
export function needsConfirmation({ context, actor }: Pick<AdminRequest, "context" | "actor">, what: string): void {
  const { session } = actor;
  if (session === null || context.clock.now() - session.confirmedAtMs < CONFIRMED_MS) return;
  throw new PublicError("confirmation_required", `${what}: please confirm your password.`);
}

/** POST /api/admin/confirm: confirms the signed-in operator's password and second factor, for ten minutes of this session. */
export async function confirm({ context, actor, input, headers }: ArrivedRequest<typeof confirmInput>) {
  const session = await checkOwnPassword({ context, actor }, input.password);
  await checkOwnCode({ context, session, headers }, input.code);
  await confirmSession(context.db, session.id, new Date(context.clock.now()));
  await recordDone(context, actor, "access.confirm");
  return { body: { confirmed: true } };
}

/**
 * The session of the operator if the password is right. Throws if it is wrong, after too many tries, and for the
 * operator token.
 */
export async function checkOwnPassword(
  { context, actor }: Pick<AdminRequest, "context" | "actor">,
  password: string,
): Promise<NonNullable<Actor["session"]>> {
  const session = ownSession(actor);
  const { internalAdapter, password: passwords } = await context.auth.$context;
  const accounts = await internalAdapter.findAccounts(session.userId);
  const hash = accounts.find((account) => account.providerId === "credential")?.password;
  if (hash === undefined || hash === null) {
    throw new PublicError("forbidden", "Your account has no password. Sign out and sign in again.");
  }
  const against = [
    ["confirm_session", session.id],
    ["confirm_account", session.userId],
  ] as const;
  const isRight = await tried(context.attempts, against, async () => {
    const matches = await passwords.verify({ hash, password });
    return { isRight: matches, answer: matches };
  });
  if (!isRight) throw new PublicError("forbidden", "The password is wrong.");
  return session;
}

/** GET /api/admin/sessions: sessions of the signed-in operator. */
export async function listOwnSessions({ context, actor }: AdminRequest) {
  const { session } = actor;
  return { body: { sessions: session === null ? [] : await sessionsOf(context, session.userId, session.id) } };
}

/** GET /api/admin/staff/{id}/sessions */
export async function listStaffSessions({ context, actor, params }: AdminRequest) {
  return { body: { sessions: await sessionsOf(context, params.id ?? "", actor.session?.id ?? null) } };
}

/** DELETE /api/admin/sessions/{id}: ends an own session at its next request. */
export async function endOwnSession({ context, actor, params }: AdminRequest) {
  return endOne(context, actor, { id: params.id ?? "", userId: ownSession(actor).userId });
}

/** DELETE /api/admin/staff/{id}/sessions/{session} */
export async function endStaffSession({ context, actor, params }: AdminRequest) {
  return endOne(context, actor, { id: params.session ?? "", userId: params.id ?? "" });
}

async function endOne(context: ConsoleContext, actor: Actor, one: { id: string; userId: string }) {
  await change(context, actor, async (tx) => {
    const ended = await endSession(tx, one);
    if (ended === null) throw new PublicError("not_found", "There is no such session.");
    const before = { address: ended.ipAddress, agent: ended.userAgent };
    const entry = { action: "sessions.end", target: ended.email, before, after: null, reason: null };
    return { result: null, change: entry };
  });
  return { body: { ended: 1 } };
}

async function sessionsOf(context: ConsoleContext, userId: string, own: string | null) {
  const since = new Date(context.clock.now() - SESSION_MAX_MS);
  return (await readSessions(context.db, userId, since)).map((row) => shown(row, own));
}

export function ownSession(actor: Actor): NonNullable<Actor["session"]> {
  if (actor.session === null) throw new PublicError("forbidden", "The operator token has no session.");
  return actor.session;
}

function shown(row: SessionRow, own: string | null) {
  return {
    id: row.id,
    address: row.ipAddress ?? "",
    agent: row.userAgent ?? "",
    since: row.createdAt.toISOString(),
    lastSeen: row.updatedAt.toISOString(),
    /** the session of this request */
    own: row.id === own,
  };
}
