ALTER TABLE "keys" ADD COLUMN "priority" text DEFAULT 'interactive' NOT NULL;--> statement-breakpoint
ALTER TABLE "ledger" ADD COLUMN "priority" text DEFAULT 'standard' NOT NULL;--> statement-breakpoint
ALTER TABLE "refused_calls" ADD COLUMN "priority" text DEFAULT 'standard' NOT NULL;