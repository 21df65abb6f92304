import { DrizzleQueryError } from "drizzle-orm/errors";
import { PgPreparedQuery } from "drizzle-orm/pg-core";
import pg from "pg";

const STATEMENT_CHARS_MAX = 200;
/** SQLSTATE class of data exceptions, whose texts quote the invalid value. */
const DATA_EXCEPTION = "22";

/**
 * From here on no failed statement carries its values: they are session tokens, key hashes and whole ledger batches,
 * and an error ends up in a log sooner or later. Once per process; a repeat changes nothing.
 */
export function dropValuesFromErrors(): void {
  if (Reflect.has(PgPreparedQuery.prototype, DONE)) return;
  const run: unknown = Reflect.get(PgPreparedQuery.prototype, "queryWithCache");
  if (typeof run !== "function")
    throw new Error("drizzle-orm runs its statements elsewhere: look at its release notes");
  Reflect.set(PgPreparedQuery.prototype, DONE, true);
  Reflect.set(PgPreparedQuery.prototype, "queryWithCache", async function (this: unknown, ...given: unknown[]) {
    try {
      return await Reflect.apply(run, this, given);
    } catch (thrown) {
      throw withoutValues(thrown);
    }
  });
}

const DONE = Symbol.for("spillway.without-values");

/** A failed statement: its beginning, and PostgreSQL's reason as its cause. */
export class StatementFault extends Error {
  override readonly name = "StatementFault";
}

function withoutValues(thrown: unknown): unknown {
  if (!(thrown instanceof DrizzleQueryError)) return thrown;
  const { cause, query } = thrown;
  const text = query.length > STATEMENT_CHARS_MAX ? `${query.slice(0, STATEMENT_CHARS_MAX)}…` : query;
  if (cause instanceof pg.DatabaseError) strip(cause);
  return new StatementFault(`${cause?.message ?? "unknown"} in: ${text}`, { cause });
}

/** Code, constraint, table and column stay: they are ours. Detail, hint and position quote values. */
function strip(error: pg.DatabaseError): void {
  error.detail = undefined;
  error.hint = undefined;
  error.where = undefined;
  error.internalQuery = undefined;
  if (error.code?.startsWith(DATA_EXCEPTION)) error.message = error.message.replace(/: ".*$/s, "");
  error.stack = `${error.name}: ${error.message}`;
}
