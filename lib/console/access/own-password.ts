import { z } from "zod";
import { endOtherSessions } from "@/db/queries/operators/staff";
import { change } from "../kernel/change";
import type { AdminRequest } from "../kernel/door";
import { PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN } from "./auth";
import { checkOwnPassword } from "./sessions";

export const ownPasswordInput = z
  .strictObject({
    current: z.string().min(1).max(PASSWORD_CHARS_MAX),
    next: z.string().min(PASSWORD_CHARS_MIN, `at least ${PASSWORD_CHARS_MIN} characters`).max(PASSWORD_CHARS_MAX),
  })
  .refine(({ current, next }) => current !== next, { message: "the new password equals the old one", path: ["next"] });

/**
 * POST /api/admin/password: changes the signed-in operator's password. Needs the current password. All other sessions
 * of the operator end.
 */
export async function changeOwnPassword({ context, actor, input }: AdminRequest<typeof ownPasswordInput>) {
  const session = await checkOwnPassword({ context, actor }, input.current);
  const { internalAdapter, password: passwords } = await context.auth.$context;
  const hash = await passwords.hash(input.next);
  const ended = await change(context, actor, async (tx) => {
    await internalAdapter.updatePassword(session.userId, hash);
    const ended = await endOtherSessions(tx, { userId: session.userId, keep: session.id });
    const entry = { action: "account.password", target: actor.name, before: null, after: { ended }, reason: null };
    return { result: ended, change: entry };
  });
  return { body: { changed: true, ended } };
}
