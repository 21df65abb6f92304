import { desc, eq, inArray, sql } from "drizzle-orm";
import type { Database } from "../../client";
import { ledger } from "../../schema/books";

/** The call that made an answer, where it was served, and how many tokens a follow-up call sends again. */
export type AnswerOwner = {
  readonly tenantId: string;
  readonly servedModel: string;
  readonly providerId: string;
  readonly tokens: number;
};

/** The call by the provider's id of its answer. No tenant argument: the query asks for the owner. */
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

/** Tokens of one call, as booked. */
export type BookedTokens = { readonly input: number; readonly output: number };

/** The tokens of these calls; a call without a row is missing. No tenant argument: the callers know whose they are. */
export async function findTokens(
  db: Database,
  requestIds: readonly string[],
): Promise<ReadonlyMap<string, BookedTokens>> {
  if (requestIds.length === 0) return new Map();
  const rows = await db
    .select({ requestId: ledger.requestId, input: ledger.inputTokens, output: ledger.outputTokens })
    .from(ledger)
    .where(inArray(ledger.requestId, [...requestIds]));
  return new Map(rows.map(({ requestId, input, output }) => [requestId, { input, output }]));
}
