import { jsonb, pgTable, primaryKey, text, timestamp } from "drizzle-orm/pg-core";

/** What a configuration file set last: the mark on an object, and what its state is compared with to find edits by hand. */
export const managedObjects = pgTable(
  "managed_objects",
  {
    /** provider, model, everyone, tier, tenant, budget, alert-rule or operator */
    kind: text("kind").notNull(),
    /** slug, name or e-mail address */
    name: text("name").notNull(),
    /** the file, as the person who applied it calls it */
    source: text("source").notNull(),
    /** the object as the file had it, with defaults filled in; no secret */
    content: jsonb("content").$type<Record<string, unknown>>().notNull(),
    appliedBy: text("applied_by").notNull(),
    appliedAt: timestamp("applied_at", { withTimezone: true }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.name] })],
);
