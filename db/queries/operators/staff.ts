import { and, asc, desc, eq, gt, ne, sql } from "drizzle-orm";
import type { Database } from "../../client";
import { staff, staffAccounts, staffSessions } from "../../schema/staff";

export type StaffRow = typeof staff.$inferSelect;

/** Every operator with the number of open sessions, and the last use of the latest. */
export async function readStaff(db: Database) {
  const open = db
    .select({
      userId: staffSessions.userId,
      sessions: sql<number>`count(*)::int`.as("sessions"),
      lastSeen: sql<Date>`max(${staffSessions.updatedAt})`.mapWith(staffSessions.updatedAt).as("last_seen"),
    })
    .from(staffSessions)
    .where(gt(staffSessions.expiresAt, sql`now()`))
    .groupBy(staffSessions.userId)
    .as("open");
  return db
    .select({ row: staff, sessions: open.sessions, lastSeen: open.lastSeen })
    .from(staff)
    .leftJoin(open, eq(open.userId, staff.id))
    .orderBy(asc(staff.name), asc(staff.email));
}

export type SessionRow = typeof staffSessions.$inferSelect;

/** An operator's open sessions that began after a time, last used first. */
export async function readSessions(db: Database, userId: string, since: Date): Promise<SessionRow[]> {
  return db
    .select()
    .from(staffSessions)
    .where(
      and(
        eq(staffSessions.userId, userId),
        gt(staffSessions.expiresAt, sql`now()`),
        gt(staffSessions.createdAt, since),
      ),
    )
    .orderBy(desc(staffSessions.updatedAt));
}

export async function confirmSession(db: Database, id: string, at: Date): Promise<void> {
  await db.update(staffSessions).set({ confirmedAt: at }).where(eq(staffSessions.id, id));
}

/** Ends one session of an operator; null when there is none. */
export async function endSession(tx: Database, one: { id: string; userId: string }) {
  const [row] = await tx
    .delete(staffSessions)
    .where(and(eq(staffSessions.id, one.id), eq(staffSessions.userId, one.userId)))
    .returning();
  if (row === undefined) return null;
  const [owner] = await tx.select({ email: staff.email }).from(staff).where(eq(staff.id, row.userId));
  return { ...row, email: owner?.email ?? row.userId };
}

/** Locks one operator for an edit; null = none. Locks all admins first, so that two edits cannot remove the last two. */
export async function lockStaff(tx: Database, id: string): Promise<{ row: StaffRow; activeAdmins: number } | null> {
  const admins = await tx.select().from(staff).where(eq(staff.role, "admin")).orderBy(asc(staff.id)).for("update");
  const [row] = await tx.select().from(staff).where(eq(staff.id, id)).for("update");
  return row === undefined ? null : { row, activeAdmins: admins.filter((one) => !one.banned).length };
}

export async function findStaffByEmail(db: Database, email: string): Promise<StaffRow | null> {
  const [row] = await db.select().from(staff).where(eq(staff.email, email));
  return row ?? null;
}

/** The operator that an account of another sign-in belongs to; null = none. */
export async function findStaffByAccount(db: Database, one: { providerId: string; accountId: string }) {
  const [found] = await db
    .select({ row: staff })
    .from(staffAccounts)
    .innerJoin(staff, eq(staff.id, staffAccounts.userId))
    .where(and(eq(staffAccounts.providerId, one.providerId), eq(staffAccounts.accountId, one.accountId)));
  return found?.row ?? null;
}

/** An operator without a password. Null = the address is taken. */
export async function insertStaff(
  tx: Database,
  one: Pick<StaffRow, "id" | "email" | "name" | "role" | "roleFrom" | "tenants">,
): Promise<StaffRow | null> {
  const [row] = await tx
    .insert(staff)
    .values({ ...one, emailVerified: true })
    .onConflictDoNothing()
    .returning();
  return row ?? null;
}

/** Removes an operator's password. */
export async function dropPassword(tx: Database, userId: string): Promise<void> {
  await tx
    .delete(staffAccounts)
    .where(and(eq(staffAccounts.userId, userId), eq(staffAccounts.providerId, "credential")));
}

export async function updateStaff(
  tx: Database,
  id: string,
  set: {
    role?: string;
    roleFrom?: "hand" | "groups";
    tenants?: string[] | null;
    banned?: boolean;
    createdAt?: Date;
  },
): Promise<void> {
  await tx
    .update(staff)
    .set({ ...set, updatedAt: sql`now()` })
    .where(eq(staff.id, id));
}

/** Ends every session of an operator; the next click in each leads to sign-in. Returns their number. */
export async function endSessions(tx: Database, userId: string): Promise<number> {
  const ended = await tx
    .delete(staffSessions)
    .where(eq(staffSessions.userId, userId))
    .returning({ id: staffSessions.id });
  return ended.length;
}

/** Ends all sessions of an operator but one. Returns their number. */
export async function endOtherSessions(tx: Database, { userId, keep }: { userId: string; keep: string }) {
  const ended = await tx
    .delete(staffSessions)
    .where(and(eq(staffSessions.userId, userId), ne(staffSessions.id, keep)))
    .returning({ id: staffSessions.id });
  return ended.length;
}

export async function countStaff(db: Database): Promise<number> {
  const [row] = await db.select({ count: sql<number>`count(*)::int` }).from(staff);
  return row?.count ?? 0;
}
