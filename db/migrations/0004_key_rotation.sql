ALTER TABLE "keys" ADD COLUMN "rotates_key_id" text;--> statement-breakpoint
ALTER TABLE "keys" ADD COLUMN "overlap_seconds" integer;