CREATE TABLE "wishes" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL,
	"key_family_id" text NOT NULL,
	"user_name" text NOT NULL,
	"wish" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"done_at" timestamp with time zone,
	"done_by" text
);
--> statement-breakpoint
ALTER TABLE "wishes" ADD CONSTRAINT "wishes_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "wishes_tenant" ON "wishes" USING btree ("tenant_id","created_at");--> statement-breakpoint
CREATE INDEX "wishes_open" ON "wishes" USING btree ("created_at") WHERE "wishes"."done_at" is null;