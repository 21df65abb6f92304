import { type SQL, sql } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";

/**
 * A statement of one value, put together once: one of hundreds of parts takes longer to write than its rows take to send.
 * `make` is called at the first use, and must make the same statement of any value.
 */
export function writtenOnce(make: (value: SQL) => SQL): (value: string) => SQL {
  let parts: readonly Part[] | null = null;
  return (value) => {
    parts ??= partsOf(make(sql`${HOLE}`));
    return sql.join(parts.map((part) => (part.kind === "text" ? part.text : sql`${part.value ?? value}`)));
  };
}

/** Its text, and between the texts its parameters; null = the value. */
type Part = { readonly kind: "text"; readonly text: SQL } | { readonly kind: "value"; readonly value: unknown };

function partsOf(statement: SQL): readonly Part[] {
  const { sql: text, params } = new PgDialect().sqlToQuery(statement);
  return text.split(/\$\d+/).flatMap((piece, at): Part[] => {
    const before: Part = { kind: "text", text: sql.raw(piece) };
    return at === params.length
      ? [before]
      : [before, { kind: "value", value: params[at] === HOLE ? null : params[at] }];
  });
}

/** No parameter of a statement of ours is this text. */
const HOLE = "\u0000the value";
