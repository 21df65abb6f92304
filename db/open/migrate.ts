import path from "node:path";
import { readMigrationFiles } from "drizzle-orm/migrator";
import type pg from "pg";

/** Any number, the same in every process: only one of them migrates at a time. */
const MIGRATION_LOCK = 4_207_517;
/** Another process may be running a long one, so this one waits. */
const TURN_WAIT = "30min";
/** A statement that waits for its table blocks readers behind it. After this time it gives up, and tries again. */
const TABLE_WAIT = "2s";
const TRIES = 30;
const PAUSE_MS = 1000;
const LOCK_NOT_AVAILABLE = "55P03";

/**
 * Migrates the schema on one connection, which must not be used afterwards. Each migration is its own transaction, so
 * the locks of one are not held through the next. None has a time limit. `then` runs last, while no other process
 * migrates.
 */
export async function migrateOn(client: pg.ClientBase, then: () => Promise<void>): Promise<void> {
  await client.query("set statement_timeout = 0");
  await client.query("set idle_in_transaction_session_timeout = 0");
  await client.query(`set lock_timeout = '${TURN_WAIT}'`);
  await client.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
  try {
    await client.query(`set lock_timeout = '${TABLE_WAIT}'`);
    for (const migration of await missing(client)) await patiently(() => apply(client, migration));
    await patiently(then);
  } finally {
    await client.query("select pg_advisory_unlock($1)", [MIGRATION_LOCK]).catch(() => undefined);
  }
}

type Migration = { readonly sql: readonly string[]; readonly hash: string; readonly folderMillis: number };

/** Migrations that this database lacks. The table of the applied ones is drizzle's own. */
async function missing(client: pg.ClientBase): Promise<readonly Migration[]> {
  await client.query("create schema if not exists drizzle");
  await client.query(
    "create table if not exists drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)",
  );
  const { rows } = await client.query<{ last: string | null }>(
    "select max(created_at)::text as last from drizzle.__drizzle_migrations",
  );
  const last = Number(rows[0]?.last ?? 0);
  const all = readMigrationFiles({ migrationsFolder: path.join(process.cwd(), "db", "migrations") });
  return all.filter(({ folderMillis }) => folderMillis > last);
}

async function apply(client: pg.ClientBase, { sql, hash, folderMillis }: Migration): Promise<void> {
  await client.query("begin");
  try {
    for (const statement of sql) await client.query(statement);
    await client.query("insert into drizzle.__drizzle_migrations (hash, created_at) values ($1, $2)", [
      hash,
      folderMillis,
    ]);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw error;
  }
}

/** Retries while another session holds the table. */
async function patiently(work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const isHeld = error instanceof Error && "code" in error && error.code === LOCK_NOT_AVAILABLE;
      if (!isHeld || attempt === TRIES) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
