import { type SQL, sql } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";

/**
 * A statement of one value that is built once: building one of hundreds of parts takes longer than sending its rows.
 * `make` is called at the first use, and must make the same statement for any value.
 */
export function writtenOnce(make: (value: SQL) => SQL): (value: string) => SQL {
  let known: Written | null = null;
  return (value) => {
    known ??= writtenOf(make(sql`${HOLE}`));
    const { texts, params } = known;
    return sql(texts, ...params.map((param) => (param === HOLE ? value : param)));
  };
}

/** A statement's texts, in template form, and the parameters between them. */
type Written = { readonly texts: TemplateStringsArray; readonly params: readonly unknown[] };

function writtenOf(statement: SQL): Written {
  const { sql: text, params } = new PgDialect().sqlToQuery(statement);
  const pieces = text.split(/\$\d+/);
  return { texts: Object.assign(pieces, { raw: pieces }), params };
}

/** None of our statements has this text as a parameter. */
const HOLE = "\u0000the value";
