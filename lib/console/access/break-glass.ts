import { randomBytes } from "node:crypto";
import { dropSecondFactor } from "@/db/queries/operators/second-factors";
import { endSessions, findStaffByEmail, updateStaff } from "@/db/queries/operators/staff";
import { PublicError } from "@/lib/errors";
import { change } from "../kernel/change";
import type { AdminRequest } from "../kernel/door";
import { BREAK_GLASS_EMAIL, BREAK_GLASS_MS } from "./auth";

const PASSWORD_BYTES = 18;

/**
 * POST /api/admin/staff/break-glass: an admin's account with a new password, shown once and valid for an hour. Only
 * the operator token opens it: its holder may do everything already, but not in a browser.
 */
export async function breakGlass({ context, actor }: AdminRequest) {
  if (actor.session !== null) throw new PublicError("forbidden", "Only the operator token opens this account.");
  const password = randomBytes(PASSWORD_BYTES).toString("base64url");
  const email = BREAK_GLASS_EMAIL;
  const now = context.clock.now();
  const until = new Date(now + BREAK_GLASS_MS).toISOString();
  await change(context, actor, async (tx) => {
    const known = await findStaffByEmail(tx, email);
    if (known === null) {
      await context.auth.api.createUser({ body: { email, password, name: "Break glass", role: "admin" } });
    } else {
      const authContext = await context.auth.$context;
      await authContext.internalAdapter.updatePassword(known.id, await authContext.password.hash(password));
      await endSessions(tx, known.id);
      await dropSecondFactor(tx, known.id);
      // The hour starts again. Nothing else writes this column, so nothing that is done with the account extends it.
      await updateStaff(tx, known.id, { role: "admin", tenants: null, banned: false, createdAt: new Date(now) });
    }
    const entry = { action: "staff.break-glass", target: email, before: null, after: { until }, reason: null };
    return { result: null, change: entry };
  });
  return { status: 201, body: { email, password, until } };
}
