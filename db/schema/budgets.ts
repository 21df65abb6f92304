import { sql } from "drizzle-orm";
import {
  bigint,
  bigserial,
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  real,
  text,
  timestamp,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import { tenants } from "./tenancy";

/** An action from some percent of a budget on. */
export type BudgetThreshold = { percent: number; action: "alert" | "degrade" | "queue" | "refuse" };

/**
 * Money per day, week, month or rolling window, for one subject or for each subject of a level. Enforced like limits;
 * spend is booked in `budget_spend` with every ledger row.
 */
export const budgets = pgTable(
  "budgets",
  {
    id: text("id").primaryKey(),
    /** its name in refusals, quotas and alerts */
    slug: text("slug").notNull().unique(),
    /** global, tenant, user, key, feature or model */
    level: text("level").notNull(),
    /** null only for the global level */
    tenantId: text("tenant_id").references(() => tenants.id, { onDelete: "cascade" }),
    /** its user's name, key family, feature or model slug; null = each one has this amount */
    target: text("target"),
    /** the same in the ledger's form: users by their digest */
    targetBooked: text("target_booked"),
    /** the same in the counters' form: users and features by their digests, models by their ids */
    targetCounted: text("target_counted"),
    /** day, week, month or rolling */
    period: text("period").notNull(),
    /** length of a rolling window */
    windowSeconds: integer("window_seconds"),
    /** IANA zone of its periods */
    timeZone: text("time_zone").notNull().default("UTC"),
    amountMicroUsd: bigint("amount_micro_usd", { mode: "number" }).notNull(),
    thresholds: jsonb("thresholds").$type<BudgetThreshold[]>().notNull(),
    /** the rest, or the overspend, moves into the next period, once and at most the amount */
    carryOver: boolean("carry_over").notNull().default(false),
    carriedMicroUsd: bigint("carried_micro_usd", { mode: "number" }).notNull().default(0),
    /** the period into which it was carried */
    carriedInto: timestamp("carried_into", { withTimezone: true }),
    /** a temporary raise */
    raiseMicroUsd: bigint("raise_micro_usd", { mode: "number" }).notNull().default(0),
    raiseUntil: timestamp("raise_until", { withTimezone: true }),
    version: integer("version").notNull().default(1),
    createdBy: text("created_by").notNull(),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    check(
      "budgets_level",
      sql`${table.level} in ('global', 'tenant', 'user', 'key', 'feature', 'session', 'agent', 'tag', 'model')`,
    ),
    check("budgets_tenant", sql`(${table.tenantId} is null) = (${table.level} = 'global')`),
    check("budgets_period", sql`${table.period} in ('day', 'week', 'month', 'rolling')`),
    check("budgets_window", sql`(${table.windowSeconds} is not null) = (${table.period} = 'rolling')`),
    check("budgets_amount", sql`${table.amountMicroUsd} between 0 and 9000000000000000`),
  ],
);

/** The cost of the ledger's calls per budget, subject and period; grows in the transaction of its rows. */
export const budgetSpend = pgTable(
  "budget_spend",
  {
    budgetId: text("budget_id")
      .notNull()
      .references(() => budgets.id, { onDelete: "cascade" }),
    /** in the ledger's form: tenant id, user digest, key family, feature or model slug; empty for the global level */
    subject: text("subject").notNull(),
    periodStart: timestamp("period_start", { withTimezone: true }).notNull(),
    spentMicroUsd: bigint("spent_micro_usd", { mode: "number" }).notNull(),
    calls: integer("calls").notNull(),
  },
  (table) => [primaryKey({ columns: [table.budgetId, table.periodStart, table.subject] })],
);

/** A passed threshold: once per budget, subject, period and percent, over all processes. */
export const budgetEvents = pgTable(
  "budget_events",
  {
    seq: bigserial("seq", { mode: "number" }).primaryKey(),
    budgetId: text("budget_id")
      .notNull()
      .references(() => budgets.id, { onDelete: "cascade" }),
    subject: text("subject").notNull(),
    periodStart: timestamp("period_start", { withTimezone: true }).notNull(),
    percent: real("percent").notNull(),
    action: text("action").notNull(),
    spentMicroUsd: bigint("spent_micro_usd", { mode: "number" }).notNull(),
    amountMicroUsd: bigint("amount_micro_usd", { mode: "number" }).notNull(),
    at: timestamp("at", { withTimezone: true }).notNull().defaultNow(),
    /** the alerting rules have checked it */
    seen: boolean("seen").notNull().default(false),
  },
  (table) => [
    index("budget_events_unseen").on(table.seq).where(sql`not ${table.seen}`),
    uniqueIndex("budget_events_once").on(table.budgetId, table.subject, table.periodStart, table.percent),
  ],
);
