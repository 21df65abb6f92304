import { desc, eq } from "drizzle-orm";
import type { Database } from "../../client";
import { ledger } from "../../schema/books";

/** Whose call an answer came of, and where it was served. */
export type AnswerOwner = { readonly tenantId: string; readonly servedModel: string; readonly providerId: string };

/** The call by the provider's id of its answer. No tenant argument: whose it is, is what is asked. */
export async function findAnswerOwner(db: Database, answerId: string): Promise<AnswerOwner | null> {
  const [found] = await db
    .select({ tenantId: ledger.tenantId, servedModel: ledger.servedModel, providerId: ledger.providerId })
    .from(ledger)
    .where(eq(ledger.answerId, answerId))
    .orderBy(desc(ledger.requestId))
    .limit(1);
  return found ?? null;
}
