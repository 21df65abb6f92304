import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres";
import pg from "pg";
import { BootFault } from "@/lib/errors";
import type { Log } from "@/lib/log";
import { grantToApp } from "./open/app-role";
import { connected } from "./open/connected";
import { migrateOn } from "./open/migrate";
import { dropValuesFromErrors } from "./open/without-values";

export type Database = NodePgDatabase;

/** A database with its pools. */
export type OpenDatabase = { readonly db: Database; ping(): Promise<void>; close(): Promise<void> };

/**
 * Pool limits: a console query must not take connections from the gateway for long. The server ends a slow statement
 * itself. If that fails, on a dead connection or a hanging server, the statement ends here together with its
 * connection.
 */
const POOL = {
  max: 12,
  connectionTimeoutMillis: 3000,
  idleTimeoutMillis: 30_000,
  keepAlive: true,
  statement_timeout: 15_000,
};
/** For a process that is one of many, each with few calls. Only this side ends statements. */
const POOLED = { max: 6, idleTimeoutMillis: 5000, statement_timeout: false } as const;
/** A little longer than the server takes to end a statement itself. */
const ANSWER_MS = 17_000;

/**
 * Migrates the schema, opens the pool and checks that the server answers. With `ownerUrl` the owner has the schema, and
 * the pool's role gets the rights to serve. Waits for a server that is starting. Throws a BootFault with one clear line when it cannot be used.
 */
export async function openDatabase(input: {
  url: string;
  ownerUrl?: string | null;
  log: Log;
  answerMs?: number;
  /** The address may be a pooler's, which accepts no time limit with a connection and few connections of each process. */
  isPooled?: boolean;
}): Promise<OpenDatabase> {
  const { url, log, answerMs = ANSWER_MS } = input;
  const ownerUrl = input.ownerUrl ?? null;
  dropValuesFromErrors();
  await asBootFault(ownerUrl === null ? "DATABASE_URL" : "DATABASE_OWNER_URL", ownerUrl ?? url, async () => {
    const settings = { connectionString: ownerUrl ?? url, connectionTimeoutMillis: POOL.connectionTimeoutMillis };
    const client = await connected(settings, (error) =>
      log.warn({ err: error }, "the migration's connection was lost"),
    );
    try {
      await migrateOn(client, async () => (ownerUrl === null ? undefined : grantToApp(client, url)));
    } finally {
      await client.end();
    }
  });
  const settings = input.isPooled === true ? { ...POOL, ...POOLED } : POOL;
  const pool = new pg.Pool({ connectionString: url, ...settings, query_timeout: answerMs });
  pool.on("error", (error) => log.warn({ err: error }, "idle database connection lost"));
  // A transaction returns its connection to the pool even when its last statement was never answered.
  pool.on("release", (_error, client) => {
    if (isUnanswered(client)) void client.end().catch(() => undefined);
  });
  const ping = async () => void (await pool.query("select 1"));
  await asBootFault("DATABASE_URL", url, ping).catch(async (error: unknown) => {
    await pool.end();
    throw error;
  });
  return { db: drizzle(pool), ping, close: () => pool.end() };
}

async function asBootFault(setting: string, url: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof BootFault) throw error;
    throw new BootFault(`${setting}: ${reason(error)} (${safeUrl(url)})`);
  }
}

/** Whether a statement on this connection is still unanswered. The driver keeps it in a private member. */
function isUnanswered(client: pg.PoolClient): boolean {
  const active: unknown = Reflect.get(client, "_activeQuery");
  return active !== null && active !== undefined;
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? String(error.code) : "";
  if (code === "ECONNREFUSED") return "nothing listens there";
  if (code === "28P01" || code === "28000") return "the server refuses this user or password";
  if (code === "3D000") return "there is no such database";
  return error.message || code || error.name;
}

/** The address without its password. */
export function safeUrl(url: string): string {
  try {
    const parsed = new URL(url);
    return `${parsed.hostname}:${parsed.port || 5432}${parsed.pathname}`;
  } catch {
    return "not a URL";
  }
}
