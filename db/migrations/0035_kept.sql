CREATE TABLE "kept_objects" (
	"id" text NOT NULL,
	"provider_id" text NOT NULL,
	"kind" text NOT NULL,
	"dialect" text NOT NULL,
	"tenant_id" text NOT NULL,
	"model" text NOT NULL,
	"object" jsonb NOT NULL,
	"weight" jsonb,
	"request_id" text,
	"created_at" timestamp with time zone NOT NULL,
	"poll_at" timestamp with time zone,
	CONSTRAINT "kept_objects_id_provider_id_pk" PRIMARY KEY("id","provider_id")
);
--> statement-breakpoint
CREATE INDEX "kept_objects_tenant" ON "kept_objects" USING btree ("tenant_id","kind","created_at");--> statement-breakpoint
CREATE INDEX "kept_objects_poll" ON "kept_objects" USING btree ("poll_at") WHERE "kept_objects"."poll_at" is not null;