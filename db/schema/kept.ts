import { sql } from "drizzle-orm";
import { index, jsonb, pgTable, primaryKey, text, timestamp } from "drizzle-orm/pg-core";
import type { RateAsks } from "@/lib/money/cost";

/** Maximum use of the calls in a file of batch calls, by the caps that they name. */
export type BatchWeight = {
  /** the catalogue's name of the one model that all of them request */
  readonly model: string;
  /** the path of all of them */
  readonly url: string;
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly longestInputTokens: number;
  /** of hosted tools, micro-dollars */
  readonly feesMicroUsd: number;
  /** the most expensive parts that any of them asks for; absent in older rows */
  readonly rateAsks?: RateAsks;
};

/**
 * Files and batches that providers store for tenants. The provider itself would show them to every holder of the same
 * credential. Their content is not stored here.
 */
export const keptObjects = pgTable(
  "kept_objects",
  {
    /** the provider's */
    id: text("id").notNull(),
    providerId: text("provider_id").notNull(),
    /** file, batch, conversation, container, item (of a response) or sound (a spoken answer) */
    kind: text("kind").notNull(),
    /** openai or anthropic */
    dialect: text("dialect").notNull(),
    tenantId: text("tenant_id").notNull(),
    /** the catalogue's name of a model of that provider; requests for the object use it */
    model: text("model").notNull(),
    /** as the provider reported it last */
    object: jsonb("object").$type<Readonly<Record<string, unknown>>>().notNull(),
    /** for a file of batch calls; null = it is none */
    weight: jsonb("weight").$type<BatchWeight>(),
    /** for a batch: the ledger row that bills it */
    requestId: text("request_id"),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull(),
    /** for a batch: when its provider is asked for its end next; null = it was billed */
    pollAt: timestamp("poll_at", { withTimezone: true }),
  },
  (table) => [
    primaryKey({ columns: [table.id, table.providerId] }),
    // Serves a tenant's lists.
    index("kept_objects_tenant").on(table.tenantId, table.kind, table.createdAt),
    // Serves the search for ended batches.
    index("kept_objects_poll").on(table.pollAt).where(sql`${table.pollAt} is not null`),
  ],
);
