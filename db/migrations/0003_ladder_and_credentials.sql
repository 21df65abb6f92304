ALTER TABLE "tenants" ADD COLUMN "feature_classes" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "tiers" ADD COLUMN "ladder" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "providers" ADD COLUMN "credential_sealed" text;--> statement-breakpoint
ALTER TABLE "providers" ADD COLUMN "credential_last4" text;--> statement-breakpoint
ALTER TABLE "ledger" ADD COLUMN "degradation" text;--> statement-breakpoint
ALTER TABLE "ledger" ADD COLUMN "limit_mode" text DEFAULT 'shared' NOT NULL;