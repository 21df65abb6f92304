import { bigint, boolean, doublePrecision, index, integer, jsonb, pgTable, text, timestamp } from "drizzle-orm/pg-core";

/** Processes that serve from this database, with their last heartbeat. */
export const instances = pgTable("instances", {
  id: text("id").primaryKey(),
  startedAt: timestamp("started_at", { withTimezone: true }).notNull().defaultNow(),
  /** database time of the last heartbeat */
  seenAt: timestamp("seen_at", { withTimezone: true }).notNull().defaultNow(),
  /** version of the policy that it enforces */
  policyVersion: bigint("policy_version", { mode: "number" }).notNull(),
  /** database time when it adopted that version */
  policyAt: timestamp("policy_at", { withTimezone: true }).notNull().defaultNow(),
  /** of this software */
  release: text("release").notNull().default(""),
  /** its running calls */
  openCalls: integer("open_calls").notNull().default(0),
  /** p95 decision time of the last minute's admissions, in ms; null = there was none */
  decisionP95Ms: doublePrecision("decision_p95_ms"),
  /** it cannot reach the shared store and enforces its share of the limits alone */
  isStoreAway: boolean("is_store_away").notNull().default(false),
  /** since when, in database time; null = it can reach the store */
  storeAwayAt: timestamp("store_away_at", { withTimezone: true }),
  /** where it counts: `memory`, or `redis`, the prefix of its keys and the store's id; empty = an older release */
  store: text("store").notNull().default(""),
  /** its queue and what it sheds, as lib/scarcity/settings reads it; null = an older release, or one without calls */
  queue: jsonb("queue"),
});

/** Facts about the installation that all of its processes must agree on. */
export const settings = pgTable("settings", { name: text("name").primaryKey(), value: text("value").notNull() });

/** Shared state of places that calls are sent to: cool-downs, probes, removals (`lib/providers/trouble`). */
export const upstreamPlaces = pgTable(
  "upstream_places",
  {
    /** a credential, or a credential and the provider's name of a model */
    id: text("id").primaryKey(),
    providerId: text("provider_id").notNull(),
    /** grows with each change; a process writes only over the revision that it has read */
    revision: bigint("revision", { mode: "number" }).notNull(),
    state: jsonb("state").$type<unknown>().notNull(),
    /** database time of the last change */
    changedAt: timestamp("changed_at", { withTimezone: true }).notNull().defaultNow(),
  },
  // Serves changes since a process's last read.
  (table) => [index("upstream_places_changed").on(table.changedAt)],
);
