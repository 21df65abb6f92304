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

/** Pool limits: a console query must not be able to starve the gateway of connections for long. */
const POOL = { max: 12, connectionTimeoutMillis: 3000, idleTimeoutMillis: 30_000, statement_timeout: 15_000 };

/** Any number, the same in every process: only one of them migrates at a time. */
const MIGRATION_LOCK = 4_207_517;

/**
 * Opens the pool, checks that the server answers and brings the schema up to date.
 * Throws a BootFault with one clear line when the database cannot be used.
 */
export async function openDatabase(input: { url: string; log: Log }): Promise<OpenDatabase> {
  dropValuesFromErrors();
  const pool = new pg.Pool({ connectionString: input.url, ...POOL });
  pool.on("error", (error) => input.log.warn({ err: error }, "idle database connection lost"));
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

/** Any number, the same in every process: held while counters live in one process's memory. */
const SOLE_LOCK = 4_207_519;
/** A killed process's session may be noticed a moment later than its successor starts. */
const SOLE_TRIES = 40;
const SOLE_PAUSE_MS = 50;

/**
 * Makes sure that no other process serves from this database while counters are kept in process memory: two of them
 * would each grant the whole limit. Throws a BootFault when one does. The lock ends with the process.
 */
export async function holdAlone(url: string, log: Log): Promise<{ release(): Promise<void> }> {
  const client = new pg.Client({ connectionString: url, keepAlive: true });
  client.on("error", (error) => log.error({ err: error }, "the lock on the database was lost with its connection"));
  await client.connect();
  for (let attempt = 0; attempt < SOLE_TRIES; attempt++) {
    const { rows } = await client.query<{ held: boolean }>("select pg_try_advisory_lock($1) as held", [SOLE_LOCK]);
    if (rows[0]?.held === true) return { release: () => client.end() };
    await new Promise((resolve) => setTimeout(resolve, SOLE_PAUSE_MS));
  }
  await client.end();
  throw new BootFault(
    `DATABASE_URL: another Spillway process serves from this database (${safeUrl(url)}); the in-process store is for one process only`,
  );
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
function safeUrl(url: string): string {
  try {
    const parsed = new URL(url);
    return `${parsed.hostname}:${parsed.port || 5432}${parsed.pathname}`;
  } catch {
    return "not a URL";
  }
}
