import { sql } from "drizzle-orm";
import { bigint, boolean, check, integer, jsonb, pgTable, text, timestamp, uniqueIndex } from "drizzle-orm/pg-core";
import type { Priority } from "@/lib/limits/rules/priority";
import type { BrakeScope } from "../../lib/limits/brake";

/** Commercial levels that own default limits. */
export const tiers = pgTable("tiers", {
  id: text("id").primaryKey(),
  slug: text("slug").notNull().unique(),
  name: text("name").notNull(),
  /** grows by one with every published edit; an edit names the version it was read at */
  version: integer("version").notNull().default(1),
  /** how calls may be reduced before they are refused; its form is in lib/policy/rows/ladder-row */
  ladder: jsonb("ladder").notNull().default({}),
  /** days after which a key of its tenants expires at the latest; null = a key may live for ever */
  keyDaysMax: integer("key_days_max").default(90),
  /** cheapest first, for lists */
  position: integer("position").notNull().default(0),
  updatedAt: timestamp("updated_at", { withTimezone: true }).notNull().defaultNow(),
});

/** Drafts of a tier that are published automatically at their time. */
export const tierSchedules = pgTable("tier_schedules", {
  id: text("id").primaryKey(),
  tierId: text("tier_id")
    .notNull()
    .references(() => tiers.id, { onDelete: "cascade" }),
  /** the body of PUT /tiers/{slug}, with the version it was drafted from */
  draft: jsonb("draft").notNull(),
  publishAt: timestamp("publish_at", { withTimezone: true }).notNull(),
  createdBy: text("created_by").notNull(),
  createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  /** waiting, published, failed or withdrawn */
  status: text("status").notNull().default("waiting"),
  /** why it failed */
  outcome: text("outcome"),
});

/** Narrows a limit to some calls; an absent member matches all. */
export type LimitMatch = {
  model?: string | undefined;
  provider?: string | undefined;
  endpoint?: string | undefined;
  /** this priority and all less urgent ones */
  priority?: Priority | undefined;
  /** for the layer tag: which tag, or which value of it */
  tag?: string | undefined;
};

/**
 * The only table of limits. A row belongs to a tier, to one key family, or (both null) to all tenants. `name` is stable
 * over edits and unique within its owner: counters and overrides refer to it.
 */
export const limits = pgTable(
  "limits",
  {
    id: text("id").primaryKey(),
    tierId: text("tier_id").references(() => tiers.id, { onDelete: "cascade" }),
    keyFamilyId: text("key_family_id"),
    name: text("name").notNull(),
    layer: text("layer").notNull(),
    dimension: text("dimension").notNull(),
    algorithm: text("algorithm").notNull(),
    /** units of the dimension: tokens, calls, or micro-dollars */
    capacity: bigint("capacity", { mode: "number" }).notNull(),
    /** token bucket: units that come back per window; null = the capacity */
    refill: bigint("refill", { mode: "number" }),
    /** length of the window, or the time in which `refill` units come back; null for calendar and concurrency */
    windowSeconds: integer("window_seconds"),
    /** day, week or month: calendar windows only */
    calendarPeriod: text("calendar_period"),
    /** IANA zone of a calendar window; null = the tenant's */
    timeZone: text("time_zone"),
    /** token bucket: units that may be saved up beyond the capacity; null = none */
    burstCredit: bigint("burst_credit", { mode: "number" }),
    match: jsonb("match").$type<LimitMatch>().notNull().default({}),
    /** what happens when it is used up: refuse, degrade or queue */
    onExceed: text("on_exceed").notNull().default("refuse"),
    /** counts, but never refuses */
    observe: boolean("observe").notNull().default(false),
    /** failure mode while the store is away: closed, local or open */
    failureMode: text("failure_mode").notNull().default("local"),
    position: integer("position").notNull().default(0),
  },
  (table) => [
    uniqueIndex("limits_owner_name").on(
      sql`coalesce(${table.tierId}, '')`,
      sql`coalesce(${table.keyFamilyId}, '')`,
      table.name,
    ),
    check("limits_capacity", sql`${table.capacity} between 0 and 9000000000000000`),
    check("limits_refill", sql`${table.refill} is null or ${table.refill} between 1 and 9000000000000000`),
    check("limits_credit", sql`${table.burstCredit} is null or ${table.burstCredit} between 0 and 9000000000000000`),
    check("limits_window", sql`${table.windowSeconds} is null or ${table.windowSeconds} between 1 and 31622400`),
  ],
);

/**
 * Replacement of a named limit for some tenants or one key family. Exact beats wildcard beats the tier's default.
 */
export const overrides = pgTable("overrides", {
  id: text("id").primaryKey(),
  /** tenant slug, or a pattern with one trailing star */
  tenantPattern: text("tenant_pattern").notNull(),
  /** null = every key of the tenant */
  keyFamilyId: text("key_family_id"),
  limitName: text("limit_name").notNull(),
  /** null = the limit does not apply at all */
  capacity: bigint("capacity", { mode: "number" }),
  /** null = the tier's value */
  refill: bigint("refill", { mode: "number" }),
  reason: text("reason").notNull(),
  createdBy: text("created_by").notNull(),
  createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  /** null = until removed */
  expiresAt: timestamp("expires_at", { withTimezone: true }),
});

/** One row per change of anything that decides a call. The highest version is the one in force. */
export const policyVersions = pgTable("policy_versions", {
  version: bigint("version", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
  at: timestamp("at", { withTimezone: true }).notNull().defaultNow(),
  actor: text("actor").notNull(),
  /** which verb, on what: "tiers.publish free" */
  change: text("change").notNull(),
});

/** Operators' kill switches. In force until lifted or expired. */
export const brakes = pgTable("brakes", {
  id: text("id").primaryKey(),
  scope: jsonb("scope").$type<BrakeScope>().notNull(),
  /** block, drain, cut, degrade or observe */
  mode: text("mode").notNull(),
  reason: text("reason").notNull(),
  publicMessage: text("public_message"),
  createdBy: text("created_by").notNull(),
  createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  /** null = until lifted */
  expiresAt: timestamp("expires_at", { withTimezone: true }),
  liftedAt: timestamp("lifted_at", { withTimezone: true }),
  liftedBy: text("lifted_by"),
  liftReason: text("lift_reason"),
  /** from then to its expiry it admits an evenly growing share of calls; null = it holds in full */
  rampFrom: timestamp("ramp_from", { withTimezone: true }),
});
