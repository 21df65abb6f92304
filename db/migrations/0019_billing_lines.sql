ALTER TABLE "prices" ADD COLUMN "more" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "ledger" ADD COLUMN "held_fees_micro_usd" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "ledger" ADD COLUMN "service_tier" text;--> statement-breakpoint
ALTER TABLE "ledger" ADD COLUMN "cost_lines" jsonb;--> statement-breakpoint
ALTER TABLE "refused_calls" ADD COLUMN "held_fees_micro_usd" bigint DEFAULT 0 NOT NULL;