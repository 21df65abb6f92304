ALTER TABLE "ledger" ADD COLUMN "session" text;--> statement-breakpoint
ALTER TABLE "ledger" ADD COLUMN "agent" text;--> statement-breakpoint
ALTER TABLE "refused_calls" ADD COLUMN "session" text;--> statement-breakpoint
ALTER TABLE "refused_calls" ADD COLUMN "agent" text;