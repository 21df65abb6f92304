import { index, jsonb, pgTable, text, timestamp } from "drizzle-orm/pg-core";

/** Objects that an operator removed a short while ago, with their history, so that the removal can be undone. */
export const removedObjects = pgTable(
  "removed_objects",
  {
    /** of the object; a restored one has it again */
    id: text("id").primaryKey(),
    /** budget, alert-rule or alert-channel */
    kind: text("kind").notNull(),
    /** its row and the rows that belong to it, as they were */
    content: jsonb("content").$type<{ row: Record<string, unknown>; parts: unknown[] }>().notNull(),
    removedAt: timestamp("removed_at", { withTimezone: true }).notNull(),
  },
  (table) => [index("removed_objects_at").on(table.removedAt)],
);
