import { index, integer, pgTable, primaryKey, text, timestamp } from "drizzle-orm/pg-core";

/**
 * Calls that no limit refused and no provider saw: a wrong or revoked key, a forbidden address, an unreadable body.
 * Counted per minute instead of one row each: a stranger must not fill the disk. Deleted after a week.
 */
export const turnedAway = pgTable(
  "turned_away",
  {
    minute: timestamp("minute", { withTimezone: true }).notNull(),
    /** error code of the answer: invalid_api_key, ip_not_allowed, model_not_found … */
    code: text("code").notNull(),
    /** HTTP status of the answer */
    status: integer("status").notNull(),
    /** the key's tenant; empty = the key was not verified */
    tenantId: text("tenant_id").notNull(),
    /** public id that was sent, verified or not; empty = none, or one of very many */
    keyId: text("key_id").notNull(),
    /** empty = one of very many */
    address: text("address").notNull(),
    /** the endpoint's name, as in the ledger; the path where it has none */
    path: text("path").notNull(),
    /** that was asked for; null = not read before the denial, or several of them */
    model: text("model"),
    count: integer("count").notNull(),
    /** of the first of them; begins with its time, which is where the request log shows all */
    requestId: text("request_id").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.minute, table.code, table.tenantId, table.keyId, table.address, table.path] }),
    // Serves the request log.
    index("turned_away_request").on(table.requestId),
  ],
);
