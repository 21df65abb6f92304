ALTER TABLE "tenants" ADD COLUMN "class_permits" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "ledger" ADD COLUMN "permits" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "refused_calls" ADD COLUMN "permits" integer DEFAULT 1 NOT NULL;