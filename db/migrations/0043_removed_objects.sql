CREATE TABLE "removed_objects" (
	"id" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"content" jsonb NOT NULL,
	"removed_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE INDEX "removed_objects_at" ON "removed_objects" USING btree ("removed_at");