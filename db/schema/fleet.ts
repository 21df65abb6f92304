import { bigint, boolean, doublePrecision, integer, pgTable, text, timestamp } from "drizzle-orm/pg-core";

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
  /** of this software */
  release: text("release").notNull().default(""),
  /** calls that run in it */
  openCalls: integer("open_calls").notNull().default(0),
  /** what 95 of 100 admissions of the last minute took to be decided, in ms; null = there was none */
  decisionP95Ms: doublePrecision("decision_p95_ms"),
  /** it cannot reach the shared store and enforces its share of the limits alone */
  isStoreAway: boolean("is_store_away").notNull().default(false),
  /** where it counts: `memory`, or `redis`, the prefix of its keys and the store's id; empty = an older release */
  store: text("store").notNull().default(""),
});

/** Facts about the installation that all of its processes must agree on. */
export const settings = pgTable("settings", { name: text("name").primaryKey(), value: text("value").notNull() });
