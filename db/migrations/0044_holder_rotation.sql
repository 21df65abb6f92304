ALTER TABLE "keys" ADD COLUMN "holder_may_rotate" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "keys" ADD COLUMN "made_by_holder" boolean DEFAULT false NOT NULL;