CREATE TABLE "tenant_notes" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL,
	"text" text NOT NULL,
	"written_by" text NOT NULL,
	"written_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "tier_schedules" (
	"id" text PRIMARY KEY NOT NULL,
	"tier_id" text NOT NULL,
	"draft" jsonb NOT NULL,
	"publish_at" timestamp with time zone NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"status" text DEFAULT 'waiting' NOT NULL,
	"outcome" text
);
--> statement-breakpoint
CREATE TABLE "client_counts" (
	"day" timestamp with time zone NOT NULL,
	"tenant_id" text NOT NULL,
	"client" text NOT NULL,
	"calls" bigint DEFAULT 0 NOT NULL,
	"retries" bigint DEFAULT 0 NOT NULL,
	"refused" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "client_counts_tenant_id_day_client_pk" PRIMARY KEY("tenant_id","day","client")
);
--> statement-breakpoint
ALTER TABLE "staff_sessions" ADD COLUMN "confirmed_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "brakes" ADD COLUMN "ramp_from" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "alert_rules" ADD COLUMN "brake" jsonb;--> statement-breakpoint
ALTER TABLE "instances" ADD COLUMN "policy_at" timestamp with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
ALTER TABLE "instances" ADD COLUMN "release" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "instances" ADD COLUMN "open_calls" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "instances" ADD COLUMN "decision_p95_ms" double precision;--> statement-breakpoint
ALTER TABLE "instances" ADD COLUMN "is_store_away" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "tenant_notes" ADD CONSTRAINT "tenant_notes_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tier_schedules" ADD CONSTRAINT "tier_schedules_tier_id_tiers_id_fk" FOREIGN KEY ("tier_id") REFERENCES "public"."tiers"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "tenant_notes_tenant" ON "tenant_notes" USING btree ("tenant_id","written_at");