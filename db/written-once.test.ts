import { sql } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import { expect, test } from "vitest";
import { writtenOnce } from "./written-once";

const written = (statement: ReturnType<typeof sql>) => new PgDialect().sqlToQuery(statement);

test("a statement that is written once is the one that is made, with each value in its place", () => {
  let made = 0;
  const make = (value: ReturnType<typeof sql>) => {
    made += 1;
    return sql`select ${"a"}::text, ${value}::jsonb, ${sql.identifier("b")} = ${7} where x > ${value}`;
  };
  const once = writtenOnce(make);
  for (const value of ["one", "$1 {two}", ""]) {
    expect(written(once(value))).toEqual(written(make(sql`${value}`)));
  }
  expect(made).toBe(1 + 3);
});
