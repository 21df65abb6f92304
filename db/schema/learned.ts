import { index, integer, pgTable, primaryKey, text, timestamp } from "drizzle-orm/pg-core";

/**
 * What calls of one kind used lately, for the reserve of the next: the last hundred of each figure, oldest first,
 * from all processes. `addLearned` keeps the arrays short, `keepBooks` forgets kinds.
 */
export const learned = pgTable(
  "learned",
  {
    tenantId: text("tenant_id").notNull(),
    /** empty = calls that name no feature */
    feature: text("feature").notNull(),
    /** slug of the model that served them */
    model: text("model").notNull(),
    /** output tokens billed per choice */
    outputs: integer("outputs").array().notNull(),
    /** input tokens billed, in thousandths of what was estimated */
    inputRatios: integer("input_ratios").array().notNull(),
    learnedAt: timestamp("learned_at", { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.feature, table.model] }),
    // Serves what has changed since a process looked last, and the forgetting.
    index("learned_at").on(table.learnedAt),
  ],
);
