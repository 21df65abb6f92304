import { sql } from "drizzle-orm";
import { index, jsonb, pgTable, primaryKey, text, timestamp } from "drizzle-orm/pg-core";

/** What the calls of a file of batch calls may use at most, by the caps that they name. */
export type BatchWeight = {
  /** the catalogue's name of the one model that all of them ask for */
  readonly model: string;
  /** the path that all of them are for */
  readonly url: string;
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly longestInputTokens: number;
  /** of hosted tools, micro-dollars */
  readonly feesMicroUsd: number;
};

/**
 * Files and batches that providers keep for tenants: the provider itself would show them to everybody with the same
 * credential. No content of them is here.
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
    /** the catalogue's name of a model of that provider: what asks for it asks by this one */
    model: text("model").notNull(),
    /** as the provider told it last */
    object: jsonb("object").$type<Readonly<Record<string, unknown>>>().notNull(),
    /** of a file of batch calls; null = it is none */
    weight: jsonb("weight").$type<BatchWeight>(),
    /** of a batch: the ledger row that it is billed by */
    requestId: text("request_id"),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull(),
    /** of a batch: when its provider is asked for its end next; null = it has been billed */
    pollAt: timestamp("poll_at", { withTimezone: true }),
  },
  (table) => [
    primaryKey({ columns: [table.id, table.providerId] }),
    // Serves a tenant's lists.
    index("kept_objects_tenant").on(table.tenantId, table.kind, table.createdAt),
    // Serves the look for batches that have ended.
    index("kept_objects_poll").on(table.pollAt).where(sql`${table.pollAt} is not null`),
  ],
);
