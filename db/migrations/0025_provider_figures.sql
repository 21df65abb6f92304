ALTER TABLE "providers" ADD COLUMN "requests_per_minute" integer;--> statement-breakpoint
ALTER TABLE "providers" ADD COLUMN "tokens_per_minute" integer;