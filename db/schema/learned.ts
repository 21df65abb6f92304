import { index, integer, pgTable, primaryKey, text, timestamp } from "drizzle-orm/pg-core";

/**
 * Recent use of calls of one kind, for the reserve of the next: the last hundred of each figure, oldest first, from all
 * processes. `addLearned` keeps the arrays short, `keepBooks` drops kinds.
 */
export const learned = pgTable(
  "learned",
  {
    tenantId: text("tenant_id").notNull(),
    /** empty = calls without a feature */
    feature: text("feature").notNull(),
    /** slug of the model that served them */
    model: text("model").notNull(),
    /** output tokens billed per choice */
    outputs: integer("outputs").array().notNull(),
    /** input tokens billed, in thousandths of the estimate */
    inputRatios: integer("input_ratios").array().notNull(),
    learnedAt: timestamp("learned_at", { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.feature, table.model] }),
    // Serves changes since a process's last read, and the deletion.
    index("learned_at").on(table.learnedAt),
  ],
);
