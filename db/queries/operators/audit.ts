import { and, desc, eq, lt } from "drizzle-orm";
import type { Database } from "../../client";
import { audit } from "../../schema/books";

export type AuditRow = typeof audit.$inferSelect;

/** A page of the audit log, the newest first. */
export async function readAudit(
  db: Database,
  input: { before?: number | undefined; action?: string | undefined; target?: string | undefined; limit: number },
): Promise<AuditRow[]> {
  const { before, action, target } = input;
  return db
    .select()
    .from(audit)
    .where(
      and(
        before === undefined ? undefined : lt(audit.seq, before),
        action === undefined ? undefined : eq(audit.action, action),
        target === undefined ? undefined : eq(audit.target, target),
      ),
    )
    .orderBy(desc(audit.seq))
    .limit(input.limit);
}
