import type { Database } from "@/db/client";
import { addLearned, learnedSince } from "@/db/queries/books/learned";
import type { Log } from "@/lib/log";
import type { TokenHistory } from "./token-history";

/** Kinds that are written or read in one statement. */
const BATCH_KINDS = 2000;
const START_KINDS = 20_000;
/** A row may be committed that long after the time it carries: it is read again. */
const OVERLAP_MS = 5000;

/**
 * Shares with all processes what calls used: writes in batches, and reads what the others wrote; the first time
 * before this returns, so that a new process knows what the others have learned. Off every call's path.
 * Fail mode: while the database is away each process goes on with what it knows, and tells it later. What a process that is
 * killed had not told yet, about a second's worth, is lost: it decides reserves, not charges.
 */
export async function shareTokenHistory(input: { db: Database; tokenHistory: TokenHistory; log: Log }): Promise<{
  /** Tells and reads what there is now; a background job. Rejects when the database does not answer. */
  round(): Promise<void>;
  /** The same a last time. Never rejects. */
  stop(): Promise<void>;
}> {
  const { db, tokenHistory, log } = input;
  let readUntil = new Date(OVERLAP_MS);
  let working: Promise<void> | null = null;

  const once = async (most: number) => {
    const { rows, sent } = tokenHistory.unsent(BATCH_KINDS);
    const told = await addLearned(db, rows);
    sent();
    for (const row of told) tokenHistory.learn(row);
    const since = new Date(readUntil.getTime() - OVERLAP_MS);
    const news = await learnedSince(db, since, most);
    // The newest last: of very many kinds they are the ones that stay in mind.
    for (const row of news.toReversed()) tokenHistory.learn(row);
    readUntil = news[0]?.learnedAt ?? readUntil;
  };
  const round = (most: number) => {
    working ??= once(most).finally(() => {
      working = null;
    });
    return working;
  };

  const afterThis = async () => {
    await working?.catch(() => undefined);
    await round(BATCH_KINDS);
  };

  await round(START_KINDS).catch((error: unknown) =>
    log.warn({ err: error }, "the learned reserves were not read; it will be tried again"),
  );
  return { round: afterThis, stop: () => afterThis().catch(() => undefined) };
}
