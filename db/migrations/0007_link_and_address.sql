ALTER TABLE "tenants" ADD COLUMN "link_version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "ledger" ADD COLUMN "client_address" text DEFAULT '' NOT NULL;--> statement-breakpoint
-- The newest audit row's hash, apart from the log: without it the removal of the last rows would not be found.
INSERT INTO "settings" ("name", "value") SELECT 'audit_head', "hash" FROM "audit" ORDER BY "seq" DESC LIMIT 1;
