import { bigint, pgTable, text, timestamp } from "drizzle-orm/pg-core";

/** Processes that serve from this database, by their last sign of life. */
export const instances = pgTable("instances", {
  id: text("id").primaryKey(),
  startedAt: timestamp("started_at", { withTimezone: true }).notNull().defaultNow(),
  /** database time of the last heartbeat */
  seenAt: timestamp("seen_at", { withTimezone: true }).notNull().defaultNow(),
  /** version of the policy that it enforces */
  policyVersion: bigint("policy_version", { mode: "number" }).notNull(),
  /** database time at which it took that version up */
  policyAt: timestamp("policy_at", { withTimezone: true }).notNull().defaultNow(),
});

/** Facts about the installation that all of its processes must agree on. */
export const settings = pgTable("settings", { name: text("name").primaryKey(), value: text("value").notNull() });
