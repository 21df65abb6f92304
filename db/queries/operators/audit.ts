import { and, asc, desc, eq, gt, gte, lt, lte, sql } from "drizzle-orm";
import type { Database } from "../../client";
import { audit } from "../../schema/books";
import { settings } from "../../schema/fleet";

export type AuditRow = typeof audit.$inferSelect;
export type AuditInsert = typeof audit.$inferInsert;
export type AuditPlace = Pick<AuditRow, "seq" | "hash">;

/** A page of the audit log, newest first. */
export async function readAudit(
  db: Database,
  input: {
    before?: number | undefined;
    action?: string | undefined;
    target?: string | undefined;
    from?: string | undefined;
    to?: string | undefined;
    limit: number;
  },
): Promise<AuditRow[]> {
  const { before, action, target, from, to } = input;
  return db
    .select()
    .from(audit)
    .where(
      and(
        before === undefined ? undefined : lt(audit.seq, before),
        action === undefined ? undefined : eq(audit.action, action),
        target === undefined ? undefined : eq(audit.target, target),
        from === undefined ? undefined : gte(audit.at, new Date(from)),
        to === undefined ? undefined : lt(audit.at, new Date(to)),
      ),
    )
    .orderBy(desc(audit.seq))
    .limit(input.limit);
}

/** Any number, the same in every process: audit rows are chained one after the other. */
const AUDIT_LOCK = 4_207_518;

/** Locks the chain until the transaction ends. */
export async function lockAudit(tx: Database): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(${AUDIT_LOCK})`);
}

/** The newest row's place; null when there is no row. */
export async function lastAuditPlace(db: Database): Promise<AuditPlace | null> {
  const [row] = await db.select(PLACE).from(audit).orderBy(desc(audit.seq)).limit(1);
  return row ?? null;
}

export async function auditPlaceAt(db: Database, seq: number): Promise<AuditPlace | null> {
  const [row] = await db.select(PLACE).from(audit).where(eq(audit.seq, seq));
  return row ?? null;
}

const PLACE = { seq: audit.seq, hash: audit.hash };

export async function insertAudit(tx: Database, row: AuditInsert): Promise<AuditPlace> {
  const [stored] = await tx.insert(audit).values(row).returning(PLACE);
  if (stored === undefined) throw new Error("insert returned no row");
  return stored;
}

/** Rows in order, after one and up to another; over all operators by design. */
export async function auditAfter(
  db: Database,
  input: { after: number; upTo?: number | undefined; limit: number },
): Promise<AuditRow[]> {
  const upTo = input.upTo === undefined ? undefined : lte(audit.seq, input.upTo);
  return db
    .select()
    .from(audit)
    .where(and(gt(audit.seq, input.after), upTo))
    .orderBy(asc(audit.seq))
    .limit(input.limit);
}

/** The log's stored marks: where it ends (`head`), and where it was cut (`cut`). Null when there is none. */
export async function readAuditMark(db: Database, name: "head" | "cut"): Promise<string | null> {
  const [row] = await db
    .select()
    .from(settings)
    .where(eq(settings.name, `audit_${name}`));
  return row?.value ?? null;
}

export async function writeAuditMark(tx: Database, name: "head" | "cut", value: string): Promise<void> {
  await tx
    .insert(settings)
    .values({ name: `audit_${name}`, value })
    .onConflictDoUpdate({ target: settings.name, set: { value } });
}

/** `work` reads one snapshot, however long it takes. */
export function inSnapshot<T>(db: Database, work: (tx: Database) => Promise<T>): Promise<T> {
  return db.transaction((tx) => work(tx), { isolationLevel: "repeatable read", accessMode: "read only" });
}

/** The last of at most `most` oldest rows that are all older than `before`, but never the newest row; null = none. */
export async function lastToCut(tx: Database, before: Date, most: number): Promise<AuditPlace | null> {
  const [young] = await tx.select(PLACE).from(audit).where(gte(audit.at, before)).orderBy(asc(audit.seq)).limit(1);
  const end = young ?? (await lastAuditPlace(tx));
  if (end === null) return null;
  const old = await tx.select(PLACE).from(audit).where(lt(audit.seq, end.seq)).orderBy(asc(audit.seq)).limit(most);
  return old.at(-1) ?? null;
}

/** Removes the rows up to one. PostgreSQL refuses if one is younger than thirty days. Returns their number. */
export async function cutAudit(tx: Database, upTo: number): Promise<number> {
  const { rows } = await tx.execute<{ removed: number }>(sql`select cut_audit(${upTo})::int as removed`);
  return rows[0]?.removed ?? 0;
}
