import { jsonb, pgTable, primaryKey, text, timestamp } from "drizzle-orm/pg-core";

/** The last state that a configuration file set: the mark on an object, and the base for finding manual edits. */
export const managedObjects = pgTable(
  "managed_objects",
  {
    /** provider, model, everyone, tier, tenant, budget, alert-rule or operator */
    kind: text("kind").notNull(),
    /** slug, name or e-mail address */
    name: text("name").notNull(),
    /** the file's name, from the person who applied it */
    source: text("source").notNull(),
    /** the object's state in the file, with defaults filled in; no secret */
    content: jsonb("content").$type<Record<string, unknown>>().notNull(),
    appliedBy: text("applied_by").notNull(),
    appliedAt: timestamp("applied_at", { withTimezone: true }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.name] })],
);
