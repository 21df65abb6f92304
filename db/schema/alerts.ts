import { sql } from "drizzle-orm";
import { bigserial, boolean, index, integer, jsonb, pgTable, text, timestamp, uniqueIndex } from "drizzle-orm/pg-core";
import { tenants } from "./tenancy";

/** Where alerts are sent. Addresses and secrets are sealed; people may read only `shown`. */
export const alertChannels = pgTable("alert_channels", {
  id: text("id").primaryKey(),
  name: text("name").notNull().unique(),
  /** webhook, slack, smtp or pagerduty */
  kind: text("kind").notNull(),
  sealed: text("sealed").notNull(),
  shown: text("shown").notNull(),
  enabled: boolean("enabled").notNull().default(true),
  createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
});

/** A rule. The form of `params` is in lib/alerts/rules. */
export const alertRules = pgTable("alert_rules", {
  id: text("id").primaryKey(),
  name: text("name").notNull().unique(),
  kind: text("kind").notNull(),
  params: jsonb("params").$type<Record<string, unknown>>().notNull(),
  /** info, warning or critical */
  severity: text("severity").notNull(),
  channelIds: text("channel_ids").array().notNull(),
  enabled: boolean("enabled").notNull().default(true),
  /** nothing is sent until then; findings meanwhile are stored */
  mutedUntil: timestamp("muted_until", { withTimezone: true }),
  muteReason: text("mute_reason"),
  /** a brake that its findings set automatically; its form is in lib/alerts/rules */
  brake: jsonb("brake"),
  createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
});

/** One finding, from its beginning to its end. */
export const alerts = pgTable(
  "alerts",
  {
    id: text("id").primaryKey(),
    ruleId: text("rule_id")
      .notNull()
      .references(() => alertRules.id, { onDelete: "cascade" }),
    /** a finding has one alert while it lasts */
    dedupeKey: text("dedupe_key").notNull(),
    title: text("title").notNull(),
    detail: jsonb("detail").$type<Record<string, unknown>>().notNull(),
    severity: text("severity").notNull(),
    startedAt: timestamp("started_at", { withTimezone: true }).notNull(),
    /** null = open; a one-time event is over at once */
    endedAt: timestamp("ended_at", { withTimezone: true }),
  },
  (table) => [
    uniqueIndex("alerts_dedupe").on(table.dedupeKey).where(sql`${table.endedAt} is null`),
    index("alerts_started").on(table.startedAt),
  ],
);

/** A key holder's request to the operators; open until one of them has handled it. */
export const wishes = pgTable(
  "wishes",
  {
    id: text("id").primaryKey(),
    tenantId: text("tenant_id")
      .notNull()
      .references(() => tenants.id, { onDelete: "cascade" }),
    keyFamilyId: text("key_family_id").notNull(),
    /** as the holder named it; empty = none */
    user: text("user_name").notNull(),
    /** the holder's own words */
    wish: text("wish").notNull(),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull(),
    doneAt: timestamp("done_at", { withTimezone: true }),
    doneBy: text("done_by"),
  },
  (table) => [
    // Serves the maximum per key and tenant.
    index("wishes_tenant").on(table.tenantId, table.createdAt),
    index("wishes_open").on(table.createdAt).where(sql`${table.doneAt} is null`),
  ],
);

/** The outbox: one message to one channel, tried until it is accepted or given up. */
export const alertDeliveries = pgTable(
  "alert_deliveries",
  {
    seq: bigserial("seq", { mode: "number" }).primaryKey(),
    /** the message's id for its receiver: the same for every try */
    id: text("id").notNull().unique(),
    channelId: text("channel_id")
      .notNull()
      .references(() => alertChannels.id, { onDelete: "cascade" }),
    /** its form is in lib/alerts/message */
    message: jsonb("message").$type<Record<string, unknown>>().notNull(),
    attempts: integer("attempts").notNull().default(0),
    /** when to try next; null = delivered or given up */
    nextAt: timestamp("next_at", { withTimezone: true }),
    deliveredAt: timestamp("delivered_at", { withTimezone: true }),
    lastError: text("last_error"),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index("alert_deliveries_due").on(table.nextAt).where(sql`${table.nextAt} is not null`)],
);
