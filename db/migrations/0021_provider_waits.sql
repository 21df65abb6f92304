ALTER TABLE "keys" ADD COLUMN "body_mb_max" integer;--> statement-breakpoint
ALTER TABLE "providers" ADD COLUMN "answer_seconds" integer;--> statement-breakpoint
ALTER TABLE "providers" ADD COLUMN "silence_seconds" integer;