import { createHash, randomBytes } from "node:crypto";
import { z } from "zod";
import type { Database } from "@/db/client";
import { putInvitation, takeInvitation } from "@/db/queries/operators/invitations";
import { endSessions, lockStaff } from "@/db/queries/operators/staff";
import { DAY_MS } from "@/lib/clock";
import { PublicError } from "@/lib/errors";
import { asRole } from "../kernel/can.shared";
import { change } from "../kernel/change";
import type { ConsoleContext } from "../kernel/context";
import type { AdminRequest } from "../kernel/door";
import { PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN } from "./auth";
import { needsConfirmation } from "./sessions";
import { addStaff, foundStaff, type newStaff, newStaffPassword, refuseByGroups } from "./staff";
import { inTurn, refuseWhenBusy } from "./tries/hashing";

/** An unused link expires after three days. */
const LINK_MS = 3 * DAY_MS;
const TOKEN_BYTES = 32;

export const acceptance = z.strictObject({
  token: z.string().regex(/^[\w-]{43}$/),
  password: z.string().min(PASSWORD_CHARS_MIN).max(PASSWORD_CHARS_MAX),
});

/** POST /api/admin/invitations: creates an operator who chooses a password through a one-time link. */
export async function inviteStaff(request: AdminRequest<typeof newStaff>) {
  const { context, actor, input } = request;
  needsConfirmation({ context, actor }, "Inviting an operator");
  // Nobody knows this password. The link is the only way to sign in.
  const made = await addStaff(request, newStaffPassword());
  const link = newLink(context);
  await change(context, actor, async (tx) => invited(tx, { id: made.id, email: made.email, role: input.role }, link));
  return { status: 201, body: { id: made.id, email: made.email, ...shown(link) } };
}

/**
 * POST /api/admin/staff/{id}/invitation: creates a link for an existing operator. The password works until the link is
 * used.
 */
export async function inviteAgain({ context, actor, params }: AdminRequest) {
  needsConfirmation({ context, actor }, "Inviting an operator");
  const link = newLink(context);
  const row = await change(context, actor, async (tx) => {
    const { row } = await foundStaff(tx, params.id);
    refuseByGroups(row);
    if (row.banned) throw new PublicError("conflict", "This operator is disabled. Enable the operator first.");
    const { change: entry } = await invited(tx, row, link);
    return { result: row, change: entry };
  });
  return { status: 201, body: { id: row.id, email: row.email, ...shown(link) } };
}

/**
 * Sets the password with a link, once. Open sessions end. Throws the same error for an expired link, a used link and a
 * disabled operator, so a stranger learns nothing.
 */
export async function acceptInvitation(
  context: ConsoleContext,
  { token, password }: z.infer<typeof acceptance>,
  address: string,
): Promise<{ readonly email: string }> {
  const over = new PublicError("forbidden", "This link has expired or was already used. Ask an admin for a new link.");
  const { internalAdapter, password: passwords } = await context.auth.$context;
  refuseWhenBusy();
  const hash = await inTurn(() => passwords.hash(password));
  const actor = { name: "an invitation", role: "viewer" as const, address, session: null };
  return change(context, actor, async (tx) => {
    const staffId = await takeInvitation(tx, digestOf(token));
    const found = staffId === null ? null : await lockStaff(tx, staffId);
    if (found === null || found.row.banned) throw over;
    const { id, email, role } = found.row;
    await internalAdapter.updatePassword(id, hash);
    await endSessions(tx, id);
    const after = { role: asRole(role) ?? "viewer" };
    return {
      result: { email },
      change: { action: "staff.accept", target: email, before: null, after, reason: null },
    };
  });
}

type Link = { readonly token: string; readonly url: string; readonly expiresAt: Date };

/** In the URL's hash, which no server and no log sees. */
function newLink({ publicUrl, clock }: ConsoleContext): Link {
  const token = randomBytes(TOKEN_BYTES).toString("base64url");
  return { token, url: `${publicUrl}/invitation#${token}`, expiresAt: new Date(clock.now() + LINK_MS) };
}

async function invited(tx: Database, one: { id: string; email: string; role: string }, link: Link) {
  const { expiresAt, token } = link;
  await putInvitation(tx, { staffId: one.id, digest: digestOf(token), expiresAt });
  const after = { role: one.role, until: expiresAt.toISOString() };
  return {
    result: null,
    change: { action: "staff.invite", target: one.email, before: null, after, reason: null },
  };
}

function shown({ url, expiresAt }: Link) {
  return { url, expiresAt: expiresAt.toISOString() };
}

function digestOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
