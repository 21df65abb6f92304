import { randomUUID } from "node:crypto";
import type { Database } from "@/db/client";
import {
  endSessions,
  findStaffByAccount,
  findStaffByEmail,
  insertStaff,
  lockStaff,
  readSessions,
  type StaffRow,
  updateStaff,
} from "@/db/queries/operators/staff";
import { PublicError } from "@/lib/errors";
import type { Role } from "../../kernel/can.shared";
import { change } from "../../kernel/change";
import type { Actor, ConsoleContext } from "../../kernel/context";
import type { TenantScope } from "../../scope/tenant-scope.shared";
import { BREAK_GLASS_EMAIL, OIDC_PROVIDER, SESSION_MAX_MS } from "../auth";
import { type OidcGroups, roleOfGroups, tenantsOfGroups } from "./groups";
import { withJudge } from "./judge";
import type { Person } from "./person";

/** Why a person is refused; the sign-in page has the words. */
export type SignOnFault = "no_group" | "no_tenant" | "admin_of_some" | "groups_unreadable" | "emergency_account";

const NAME_CHARS_MAX = 100;

/**
 * Runs the callback of single sign-on. Before the library opens a session, the person's groups give the role. `target`
 * is the person, for the audit log.
 */
export async function signedOn(
  context: ConsoleContext,
  { address, pass }: { readonly address: string; readonly pass: () => Promise<Response> },
): Promise<{ readonly answer: Response; readonly target: string }> {
  let fault: SignOnFault | null = null;
  let target = "single sign-on";
  const judge = async (person: Person) => {
    if (person.isEmailVerified) target = person.email;
    fault = await faultOf(context, person, address);
    return fault === null;
  };
  const answer = await withJudge(judge, pass);
  return { answer: fault === null ? answer : refusedBy(context, answer, fault), target };
}

/** Null = may come in, if there is an operator: the library finds the same one. */
async function faultOf(context: ConsoleContext, person: Person, address: string): Promise<SignOnFault | null> {
  const { email, isEmailVerified } = person;
  const groups = context.installation.oidcGroups;
  const row = await operatorOf(context, person);
  // Only the operator token opens this account.
  if ((row?.email ?? email) === BREAK_GLASS_EMAIL) return "emergency_account";
  const isByGroups = row === null ? groups !== null && isEmailVerified : row.roleFrom === "groups" && !row.banned;
  if (!isByGroups) return null;
  const actor: Actor = { name: "single sign-on", role: "viewer", tenants: null, address, session: null };
  // Without OIDC_ROLES no group gives a role.
  const rules = groups ?? { claim: "", roles: [], otherwise: null, tenants: null };
  if (person.groups === "unreadable") return "groups_unreadable";
  const given = rightsOf(rules, person.groups, row);
  if (typeof given === "string") {
    if (row !== null) await takeRole(context, { actor, row, reason: TAKEN[given] });
    return given;
  }
  const { role, tenants } = given;
  const reason = given.group === null ? "OIDC_ROLE_DEFAULT" : `group "${given.group}" of the claim ${rules.claim}`;
  if (row === null) await makeOperator(context, { actor, person, role, tenants, reason });
  else if (row.role !== role || !isSameScope(row.tenants, tenants))
    await giveRights(context, { actor, row, role, tenants, reason });
  return null;
}

/** What the groups give. Without OIDC_TENANTS an operator's tenants stay as an admin has set them. */
function rightsOf(rules: OidcGroups, names: readonly string[], row: StaffRow | null) {
  const given = roleOfGroups(rules, names);
  if (given === null) return "no_group";
  const own = rules.tenants === null ? { scope: row?.tenants ?? null } : tenantsOfGroups(rules.tenants, names);
  if (own === null) return "no_tenant";
  // Who changes roles could otherwise take the limit off.
  if (given.role === "admin" && own.scope !== null) return "admin_of_some";
  return { ...given, tenants: own.scope };
}

const TAKEN = {
  no_group: "none of the person's groups gives a role",
  no_tenant: "none of the person's groups gives a tenant (OIDC_TENANTS)",
  admin_of_some: "an admin sees all tenants, and the person's groups give only some (OIDC_TENANTS)",
} as const;

function isSameScope(one: TenantScope, other: TenantScope): boolean {
  if (one === null || other === null) return one === other;
  return one.length === other.length && one.every((slug) => other.includes(slug));
}

/** As the library looks for them: by the issuer's subject, or by a verified address. */
async function operatorOf({ db }: ConsoleContext, { subject, email, isEmailVerified }: Person) {
  const known = await findStaffByAccount(db, { providerId: OIDC_PROVIDER, accountId: subject });
  if (known !== null || !isEmailVerified) return known;
  return findStaffByEmail(db, email);
}

type Giving = {
  readonly actor: Actor;
  readonly role: Role;
  readonly tenants: TenantScope;
  readonly reason: string;
};

async function makeOperator(context: ConsoleContext, input: Giving & { person: Person }) {
  const { actor, role, reason, person } = input;
  const tenants = input.tenants && [...input.tenants];
  const { email } = person;
  const name = person.name.trim().slice(0, NAME_CHARS_MAX) || email;
  await change(context, actor, async (tx) => {
    // Null = another sign-in of the same person was first, with the same groups.
    await insertStaff(tx, { id: randomUUID(), email, name, role, roleFrom: "groups", tenants });
    const after = { email, name, role, ...(tenants === null ? {} : { tenants }) };
    return { result: null, change: { action: "staff.create", target: email, before: null, after, reason } };
  });
}

/** Holds for the operator's open sessions too, from their next request. */
async function giveRights(context: ConsoleContext, input: Giving & { row: StaffRow }) {
  const { actor, role, reason, row } = input;
  const tenants = input.tenants && [...input.tenants];
  await change(context, actor, async (tx) => {
    const known = await lockedByGroups(tx, row.id);
    await updateStaff(tx, row.id, { role, tenants });
    const isSame = isSameScope(known.tenants, tenants);
    const before = { role: known.role, ...(isSame ? {} : { tenants: known.tenants }) };
    const after = { role, ...(isSame ? {} : { tenants }) };
    const action = known.role === role ? "staff.tenants-by-groups" : "staff.role-by-groups";
    return { result: null, change: { action, target: row.email, before, after, reason } };
  });
}

/** The account stays, without rights: its sessions end and it may not come in. */
async function takeRole(
  context: ConsoleContext,
  { actor, row, reason }: { readonly actor: Actor; readonly row: StaffRow; readonly reason: string },
) {
  const open = await readSessions(context.db, row.id, new Date(context.clock.now() - SESSION_MAX_MS));
  // Further tries change nothing, and write no rows but the bounded ones of refused sign-ins.
  if (row.role === "viewer" && open.length === 0) return;
  await change(context, actor, async (tx) => {
    const { role } = await lockedByGroups(tx, row.id);
    await updateStaff(tx, row.id, { role: "viewer" });
    const before = { role, sessions: await endSessions(tx, row.id) };
    const after = { role: null, sessions: 0 };
    const entry = { action: "staff.role-by-groups", target: row.email, before, after, reason };
    return { result: null, change: entry };
  });
}

/** Throws if an admin has just given the role by hand: that one holds. */
async function lockedByGroups(tx: Database, id: string): Promise<StaffRow> {
  const locked = await lockStaff(tx, id);
  if (locked?.row.roleFrom === "groups") return locked.row;
  throw new PublicError("conflict", "An admin has just changed this operator. Sign in again.");
}

function refusedBy({ publicUrl }: ConsoleContext, answer: Response, fault: SignOnFault): Response {
  const headers = new Headers(answer.headers);
  headers.set("location", `${publicUrl}/sign-in?error=${fault}`);
  return new Response(null, { status: 302, headers });
}
