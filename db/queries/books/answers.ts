import { desc, eq, sql } from "drizzle-orm";
import type { Database } from "../../client";
import { ledger } from "../../schema/books";

/** Whose call an answer came of, where it was served, and how many tokens who goes on from it sends again. */
export type AnswerOwner = {
  readonly tenantId: string;
  readonly servedModel: string;
  readonly providerId: string;
  readonly tokens: number;
};

/** The call by the provider's id of its answer. No tenant argument: whose it is, is what is asked. */
export async function findAnswerOwner(db: Database, answerId: string): Promise<AnswerOwner | null> {
  const [found] = await db
    .select({
      tenantId: ledger.tenantId,
      servedModel: ledger.servedModel,
      providerId: ledger.providerId,
      tokens: sql<number>`${ledger.inputTokens} + ${ledger.outputTokens}`.mapWith(Number),
    })
    .from(ledger)
    .where(eq(ledger.answerId, answerId))
    .orderBy(desc(ledger.requestId))
    .limit(1);
  return found ?? null;
}
