CREATE TABLE "upstream_places" (
	"id" text PRIMARY KEY NOT NULL,
	"provider_id" text NOT NULL,
	"revision" bigint NOT NULL,
	"state" jsonb NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "models" ADD COLUMN "fallbacks" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "providers" ADD COLUMN "cools_down" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "providers" ADD COLUMN "taken_out_reason" text;--> statement-breakpoint
ALTER TABLE "providers" ADD COLUMN "reopened_at" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "upstream_places_changed" ON "upstream_places" USING btree ("changed_at");