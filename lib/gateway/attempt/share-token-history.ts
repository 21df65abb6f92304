import type { Database } from "@/db/client";
import { addLearned, learnedSince } from "@/db/queries/books/learned";
import type { Log } from "@/lib/log";
import type { TokenHistory } from "./token-history";

/** Kinds per statement. */
const BATCH_KINDS = 2000;
const START_KINDS = 20_000;
/** A row may be committed this long after its timestamp, so the overlap is read again. */
const OVERLAP_MS = 5000;

/**
 * Shares the usage of calls with all processes. Writes in batches and reads the rows of other processes. The first read
 * completes before this returns, so a new process starts with the others' history. Not on the path of any call. Fail
 * mode: while the database is away, each process continues with its own data and shares it later. A killed process
 * loses about one second of history, which affects reserves, never charges.
 */
export async function shareTokenHistory(input: { db: Database; tokenHistory: TokenHistory; log: Log }): Promise<{
  /** Writes and reads once; a background job. Rejects when the database does not answer. */
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
    // Newest last, because above the bound the newest are kept.
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
    log.warn({ err: error }, "could not read the learned reserves; retrying"),
  );
  return { round: afterThis, stop: () => afterThis().catch(() => undefined) };
}
