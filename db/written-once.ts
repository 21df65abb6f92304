import { type SQL, sql } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";

/**
 * A statement of one value, put together once: one of hundreds of parts takes longer to write than its rows take to send.
 * `make` is called at the first use, and must make the same statement of any value.
 */
export function writtenOnce(make: (value: SQL) => SQL): (value: string) => SQL {
  let known: Written | null = null;
  return (value) => {
    known ??= writtenOf(make(sql`${HOLE}`));
    const { texts, params } = known;
    return sql(texts, ...params.map((param) => (param === HOLE ? value : param)));
  };
}

/** The texts of a statement, as a template has them, and the parameters between them. */
type Written = { readonly texts: TemplateStringsArray; readonly params: readonly unknown[] };

function writtenOf(statement: SQL): Written {
  const { sql: text, params } = new PgDialect().sqlToQuery(statement);
  const pieces = text.split(/\$\d+/);
  return { texts: Object.assign(pieces, { raw: pieces }), params };
}

/** No parameter of a statement of ours is this text. */
const HOLE = "\u0000the value";
