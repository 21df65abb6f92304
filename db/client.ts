import path from "node:path";
import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";
import { BootFault } from "@/lib/errors";
import type { Log } from "@/lib/log";
import { dropValuesFromErrors } from "./open/without-values";

export type Database = NodePgDatabase;

/** A database with the pools that read and write it. */
export type OpenDatabase = { readonly db: Database; ping(): Promise<void>; close(): Promise<void> };

/**
 * Pool limits: a console query must not be able to starve the gateway of connections for long. The server ends a statement
 * itself; one that is not answered even so, on a connection gone mute or from a server that hangs, ends here, and its
 * connection with it.
 */
const POOL = {
  ...{ max: 12, connectionTimeoutMillis: 3000, idleTimeoutMillis: 30_000, keepAlive: true },
  statement_timeout: 15_000,
};
/** A little more than the server takes to end a statement itself. */
const ANSWER_MS = 17_000;

/** Any number, the same in every process: only one of them migrates at a time. */
const MIGRATION_LOCK = 4_207_517;

/**
 * Opens the pool, checks that the server answers and brings the schema up to date.
 * Throws a BootFault with one clear line when the database cannot be used.
 */
export async function openDatabase(input: { url: string; log: Log; answerMs?: number }): Promise<OpenDatabase> {
  dropValuesFromErrors();
  const { answerMs = ANSWER_MS } = input;
  const pool = new pg.Pool({ connectionString: input.url, ...POOL, query_timeout: answerMs });
  pool.on("error", (error) => input.log.warn({ err: error }, "idle database connection lost"));
  // A transaction gives its connection back as if nothing had happened, also when its last statement was never answered.
  pool.on("release", (_error, client) => {
    if (isUnanswered(client)) void client.end().catch(() => undefined);
  });
  try {
    await pool.query("select 1");
    await migrateOnce(pool);
  } catch (error) {
    await pool.end();
    throw new BootFault(`DATABASE_URL: ${reason(error)} (${safeUrl(input.url)})`);
  }
  return {
    db: drizzle(pool),
    ping: async () => void (await pool.query("select 1")),
    close: () => pool.end(),
  };
}

/** Whether a statement was sent on this connection and is still to be answered. The driver keeps it in a private member. */
function isUnanswered(client: pg.PoolClient): boolean {
  const active: unknown = Reflect.get(client, "_activeQuery");
  return active !== null && active !== undefined;
}

async function migrateOnce(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("set lock_timeout = '60s'");
    await client.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
    await client.query("set lock_timeout = '2s'");
    await migrate(drizzle(client), { migrationsFolder: path.join(process.cwd(), "db", "migrations") });
    await client.query("select pg_advisory_unlock($1)", [MIGRATION_LOCK]);
  } finally {
    client.release(true);
  }
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
