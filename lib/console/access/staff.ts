import { randomBytes } from "node:crypto";
import { z } from "zod";
import { dropInvitations } from "@/db/queries/operators/invitations";
import {
  dropPassword,
  endSessions,
  findStaffByEmail,
  lockStaff,
  readStaff,
  type StaffRow,
  updateStaff,
} from "@/db/queries/operators/staff";
import { PublicError } from "@/lib/errors";
import { asRole, type ROLE_SOURCES, ROLES } from "../kernel/can.shared";
import { change } from "../kernel/change";
import type { ConsoleContext } from "../kernel/context";
import type { AdminRequest } from "../kernel/door";
import { displayName } from "../kernel/input";
import { needsConfirmation } from "./sessions";

const PASSWORD_BYTES = 15;
/** for one operator; who sees more sees all */
const TENANTS_MAX = 1000;

/** slugs of the tenants that the operator sees and acts on */
const someTenants = z
  .array(z.string().min(1).max(63))
  .min(1, "Name at least one tenant. For all tenants send null.")
  .max(TENANTS_MAX);

export const newStaff = z.strictObject({
  email: z.email().max(255),
  name: displayName,
  role: z.enum(ROLES),
  /** null = all tenants, also those made later; an admin has no others */
  tenants: someTenants.nullable().default(null),
});
export const editedStaff = z.strictObject({
  /** by hand: from now on groups do not change it */
  role: z.enum(ROLES).optional(),
  /** null = all tenants */
  tenants: someTenants.nullable().optional(),
  /** groups give the role, at the next sign-in; open sessions and the password end */
  roleFrom: z.literal("groups").optional(),
  /** may not sign in; open sessions end at once */
  disabled: z.boolean().optional(),
  reason: z.string().trim().min(1).max(500).optional(),
});

export type StaffView = ReturnType<typeof shown>;

/** GET /api/admin/staff: operators with their roles and open sessions. */
export async function listStaff({ context }: Pick<AdminRequest, "context">) {
  const rows = await readStaff(context.db);
  return { body: { staff: rows.map(({ row, sessions, lastSeen }) => shown(row, sessions ?? 0, lastSeen)) } };
}

/** POST /api/admin/staff: creates an operator. Only this response contains the first password. */
export async function createStaff(request: AdminRequest<typeof newStaff>) {
  const { context, actor } = request;
  needsConfirmation({ context, actor }, "Creating an operator");
  const password = newStaffPassword();
  const user = await addStaff(request, password);
  return { status: 201, body: { ...(await viewOf(context, user.id)), password } };
}

/** Creates an operator with a first password. Throws if the address is taken. */
export async function addStaff({ context, actor, input }: AdminRequest<typeof newStaff>, password: string) {
  const email = input.email.toLowerCase();
  if ((await findStaffByEmail(context.db, email)) !== null) {
    throw new PublicError("conflict", `An operator "${email}" already exists.`, { param: "email" });
  }
  const { name, role } = input;
  const tenants = scopeFor(context, { role, tenants: input.tenants, known: [] });
  return change(context, actor, async () => {
    // In one write with the account: it never sees more.
    const made = await context.auth.api.createUser({ body: { email, password, name, role, data: { tenants } } });
    const after = { email, name, role, ...(tenants === null ? {} : { tenants }) };
    const entry = { action: "staff.create", target: email, before: null, after, reason: null };
    return { result: { id: made.user.id, email }, change: entry };
  });
}

/**
 * PATCH /api/admin/staff/{id}: changes the role or the tenants, or disables the operator. In force at the next request. The last admin
 * cannot be changed.
 */
export async function editStaff({ context, actor, params, input }: AdminRequest<typeof editedStaff>) {
  const { role, disabled, reason } = input;
  needsConfirmation({ context, actor }, "Changing an operator's role");
  if (input.roleFrom !== undefined && (role !== undefined || context.installation.oidcGroups === null)) {
    const message = role === undefined ? "OIDC_ROLES is not set: no group gives a role." : "Send role or roleFrom.";
    throw new PublicError("invalid_value", message, { param: "roleFrom" });
  }
  const id = await change(context, actor, async (tx) => {
    const { row, activeAdmins } = await foundStaff(tx, params.id);
    const roleFrom = input.roleFrom ?? (role === undefined ? sourceOf(row) : "hand");
    const stays = (role ?? row.role) === "admin" && !(disabled ?? row.banned) && input.roleFrom === undefined;
    if (row.role === "admin" && !row.banned && !stays && activeAdmins < 2) {
      throw new PublicError("conflict", "This is the last admin. Create another one first.");
    }
    if (row.email === actor.name) throw new PublicError("forbidden", "Another admin must change your own role.");
    if (input.tenants !== undefined && roleFrom === "groups" && context.installation.oidcGroups?.tenants) {
      const message = "Groups give this operator's tenants (OIDC_TENANTS). Give a role by hand first.";
      throw new PublicError("conflict", message, { param: "tenants" });
    }
    const given = input.tenants === undefined ? row.tenants : input.tenants;
    const tenants = scopeFor(context, { role: role ?? row.role, tenants: given, known: row.tenants ?? [] });
    await updateStaff(tx, row.id, { role: role ?? row.role, banned: disabled ?? row.banned, roleFrom, tenants });
    if (disabled === true || input.roleFrom !== undefined) {
      await endSessions(tx, row.id);
      await dropInvitations(tx, row.id);
    }
    if (input.roleFrom !== undefined) await dropPassword(tx, row.id);
    const before = { role: row.role, roleFrom: sourceOf(row), disabled: row.banned, tenants: row.tenants };
    const after = { role: role ?? row.role, roleFrom, disabled: disabled ?? row.banned, tenants };
    return {
      result: row.id,
      change: { action: "staff.edit", target: row.email, before, after, reason: reason ?? null },
    };
  });
  return { body: await viewOf(context, id) };
}

/** POST /api/admin/staff/{id}/password: sets a new password, shown only in this response. Open sessions end. */
export async function resetPassword({ context, actor, params }: AdminRequest) {
  needsConfirmation({ context, actor }, "Setting an operator's password");
  const password = newStaffPassword();
  const authContext = await context.auth.$context;
  const hash = await authContext.password.hash(password);
  const row = await change(context, actor, async (tx) => {
    const one = (await foundStaff(tx, params.id)).row;
    refuseByGroups(one);
    await authContext.internalAdapter.updatePassword(one.id, hash);
    await endSessions(tx, one.id);
    await dropInvitations(tx, one.id);
    const entry = { action: "staff.password", target: one.email, before: null, after: null, reason: null };
    return { result: one, change: entry };
  });
  return { body: { email: row.email, password } };
}

/** DELETE /api/admin/staff/{id}/sessions: ends every session at its next request. */
export async function closeSessions({ context, actor, params }: AdminRequest) {
  const ended = await change(context, actor, async (tx) => {
    const { row } = await foundStaff(tx, params.id);
    const sessions = await endSessions(tx, row.id);
    const entry = { action: "staff.end-sessions", target: row.email, before: { sessions }, after: null, reason: null };
    return { result: sessions, change: entry };
  });
  return { body: { ended } };
}

async function viewOf(context: ConsoleContext, id: string): Promise<StaffView> {
  const view = (await listStaff({ context })).body.staff.find((one) => one.id === id);
  if (view === undefined) throw new PublicError("not_found", "There is no such operator.");
  return view;
}

export async function foundStaff(tx: Parameters<typeof lockStaff>[0], id: string | undefined) {
  const one = await lockStaff(tx, id ?? "");
  if (one === null) throw new PublicError("not_found", "There is no such operator.");
  return one;
}

/** A password would still work for an operator who has left the groups. */
export function refuseByGroups(row: StaffRow): void {
  if (sourceOf(row) === "hand") return;
  throw new PublicError("conflict", "This operator signs in by single sign-on. Give a role by hand first.");
}

function sourceOf({ roleFrom }: StaffRow): (typeof ROLE_SOURCES)[number] {
  return roleFrom === "groups" ? "groups" : "hand";
}

/**
 * The tenants of an operator with a role, as they are stored. Throws for an admin of some, who could take the limit off,
 * and for a slug that is neither a tenant's nor among those that the operator had.
 */
function scopeFor(
  context: ConsoleContext,
  { role, tenants, known }: { role: string; tenants: readonly string[] | null; known: readonly string[] },
): string[] | null {
  if (tenants === null) return null;
  if (role === "admin") {
    const message = "An admin sees all tenants. Only viewers and operators can be limited to some.";
    throw new PublicError("invalid_value", message, { param: "tenants" });
  }
  const slugs = new Set([...context.policy.snapshot.tenants.values()].map(({ slug }) => slug));
  const unknown = tenants.find((slug) => !slugs.has(slug) && !known.includes(slug));
  if (unknown !== undefined)
    throw new PublicError("invalid_value", `There is no tenant "${unknown}".`, { param: "tenants" });
  return [...new Set(tenants)].sort();
}

export function newStaffPassword(): string {
  return randomBytes(PASSWORD_BYTES).toString("base64url");
}

function shown(row: StaffRow, sessions: number, lastSeen: Date | null) {
  return {
    id: row.id,
    email: row.email,
    name: row.name,
    role: asRole(row.role) ?? "viewer",
    roleFrom: sourceOf(row),
    /** slugs; null = all */
    tenants: row.tenants,
    disabled: row.banned,
    secondFactor: row.twoFactorEnabled,
    sessions,
    lastSeen: lastSeen?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
  };
}
