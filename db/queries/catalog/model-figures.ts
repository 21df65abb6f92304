import { gte, sql } from "drizzle-orm";
import type { Database } from "../../client";
import { ledger, refusedCalls } from "../../schema/books";
import { failedByProvider } from "../books/provider-faults";

/** The figures of each model that served calls since a moment. Reads the ledger's rows by their end. */
export async function modelFigures(db: Database, since: Date) {
  const isComplete = sql`${ledger.ending} = 'complete'`;
  const percentile = (share: number, of: ReturnType<typeof sql>) =>
    sql<number | null>`percentile_cont(${share}) within group (order by ${of}) filter (where ${isComplete})`;
  const whole = (share: number, of: ReturnType<typeof sql>) => sql<number | null>`(${percentile(share, of)})::int`;
  const [total, first] = [sql`${ledger.totalMs}`, sql`${ledger.upstreamHeadersMs}`];
  // An answer in one piece spends all its time before its headers, so only a stream shows the writing speed.
  const writing = sql`nullif(${ledger.totalMs} - ${ledger.upstreamHeadersMs}, 0)`;
  const speed = sql`case when ${ledger.stream} then ${ledger.outputTokens} * 1000.0 / ${writing} end`;
  const sum = (column: typeof ledger.inputTokens | typeof ledger.outputTokens | typeof ledger.costMicroUsd) =>
    sql`coalesce(sum(${column}), 0)`.mapWith(Number);
  return db
    .select({
      model: ledger.servedModel,
      calls: sql<number>`count(*)::int`,
      failed: sql<number>`(count(*) filter (where ${failedByProvider}))::int`,
      p50Ms: whole(0.5, total),
      p95Ms: whole(0.95, total),
      p99Ms: whole(0.99, total),
      firstP50Ms: whole(0.5, first),
      firstP95Ms: whole(0.95, first),
      /** median over streamed answers; null = there was none */
      tokensPerSecond: sql<number | null>`round((${percentile(0.5, speed)})::numeric, 1)::float8`,
      inputTokens: sum(ledger.inputTokens),
      outputTokens: sum(ledger.outputTokens),
      costMicroUsd: sum(ledger.costMicroUsd),
    })
    .from(ledger)
    .where(gte(ledger.endedAt, since))
    .groupBy(ledger.servedModel);
}

/** Stored refusals per requested model, from a request id on. */
export async function modelRefusals(db: Database, fromId: string): Promise<Map<string, number>> {
  const rows = await db
    .select({ model: refusedCalls.askedModel, refused: sql<number>`count(*)::int` })
    .from(refusedCalls)
    .where(gte(refusedCalls.requestId, fromId))
    .groupBy(refusedCalls.askedModel);
  return new Map(rows.map(({ model, refused }) => [model, refused]));
}
