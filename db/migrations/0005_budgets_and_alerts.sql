CREATE TABLE "provider_usage" (
	"provider_id" text NOT NULL,
	"day" timestamp with time zone NOT NULL,
	"model" text NOT NULL,
	"account" text NOT NULL,
	"calls" bigint NOT NULL,
	"input_tokens" bigint NOT NULL,
	"output_tokens" bigint NOT NULL,
	"cost_micro_usd" bigint,
	"imported_at" timestamp with time zone NOT NULL,
	CONSTRAINT "provider_usage_provider_id_day_model_account_pk" PRIMARY KEY("provider_id","day","model","account")
);
--> statement-breakpoint
CREATE TABLE "usage" (
	"grain" text NOT NULL,
	"bucket" timestamp with time zone NOT NULL,
	"tenant_id" text NOT NULL,
	"model" text NOT NULL,
	"key_family_id" text NOT NULL,
	"feature" text NOT NULL,
	"user_digest" text NOT NULL,
	"calls" integer NOT NULL,
	"broken" integer NOT NULL,
	"degraded" integer NOT NULL,
	"input_tokens" bigint NOT NULL,
	"cached_input_tokens" bigint NOT NULL,
	"output_tokens" bigint NOT NULL,
	"cost_micro_usd" bigint NOT NULL,
	CONSTRAINT "usage_grain_bucket_tenant_id_model_key_family_id_feature_user_digest_pk" PRIMARY KEY("grain","bucket","tenant_id","model","key_family_id","feature","user_digest")
);
--> statement-breakpoint
CREATE TABLE "budget_events" (
	"seq" bigserial PRIMARY KEY NOT NULL,
	"budget_id" text NOT NULL,
	"subject" text NOT NULL,
	"period_start" timestamp with time zone NOT NULL,
	"percent" real NOT NULL,
	"action" text NOT NULL,
	"spent_micro_usd" bigint NOT NULL,
	"amount_micro_usd" bigint NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "budget_spend" (
	"budget_id" text NOT NULL,
	"subject" text NOT NULL,
	"period_start" timestamp with time zone NOT NULL,
	"spent_micro_usd" bigint NOT NULL,
	"calls" integer NOT NULL,
	CONSTRAINT "budget_spend_budget_id_period_start_subject_pk" PRIMARY KEY("budget_id","period_start","subject")
);
--> statement-breakpoint
CREATE TABLE "budgets" (
	"id" text PRIMARY KEY NOT NULL,
	"slug" text NOT NULL,
	"level" text NOT NULL,
	"tenant_id" text,
	"target" text,
	"target_booked" text,
	"target_counted" text,
	"period" text NOT NULL,
	"window_seconds" integer,
	"time_zone" text DEFAULT 'UTC' NOT NULL,
	"amount_micro_usd" bigint NOT NULL,
	"thresholds" jsonb NOT NULL,
	"carry_over" boolean DEFAULT false NOT NULL,
	"carried_micro_usd" bigint DEFAULT 0 NOT NULL,
	"carried_into" timestamp with time zone,
	"raise_micro_usd" bigint DEFAULT 0 NOT NULL,
	"raise_until" timestamp with time zone,
	"version" integer DEFAULT 1 NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "budgets_slug_unique" UNIQUE("slug"),
	CONSTRAINT "budgets_level" CHECK ("budgets"."level" in ('global', 'tenant', 'user', 'key', 'feature', 'model')),
	CONSTRAINT "budgets_tenant" CHECK (("budgets"."tenant_id" is null) = ("budgets"."level" = 'global')),
	CONSTRAINT "budgets_period" CHECK ("budgets"."period" in ('day', 'week', 'month', 'rolling')),
	CONSTRAINT "budgets_window" CHECK (("budgets"."window_seconds" is not null) = ("budgets"."period" = 'rolling')),
	CONSTRAINT "budgets_amount" CHECK ("budgets"."amount_micro_usd" between 0 and 9000000000000000)
);
--> statement-breakpoint
CREATE TABLE "alert_channels" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"kind" text NOT NULL,
	"sealed" text NOT NULL,
	"shown" text NOT NULL,
	"enabled" boolean DEFAULT true NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "alert_channels_name_unique" UNIQUE("name")
);
--> statement-breakpoint
CREATE TABLE "alert_deliveries" (
	"seq" bigserial PRIMARY KEY NOT NULL,
	"id" text NOT NULL,
	"channel_id" text NOT NULL,
	"message" jsonb NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"next_at" timestamp with time zone,
	"delivered_at" timestamp with time zone,
	"last_error" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "alert_deliveries_id_unique" UNIQUE("id")
);
--> statement-breakpoint
CREATE TABLE "alert_rules" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"kind" text NOT NULL,
	"params" jsonb NOT NULL,
	"severity" text NOT NULL,
	"channel_ids" text[] NOT NULL,
	"enabled" boolean DEFAULT true NOT NULL,
	"muted_until" timestamp with time zone,
	"mute_reason" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "alert_rules_name_unique" UNIQUE("name")
);
--> statement-breakpoint
CREATE TABLE "alerts" (
	"id" text PRIMARY KEY NOT NULL,
	"rule_id" text NOT NULL,
	"dedupe_key" text NOT NULL,
	"title" text NOT NULL,
	"detail" jsonb NOT NULL,
	"severity" text NOT NULL,
	"started_at" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "budget_events" ADD CONSTRAINT "budget_events_budget_id_budgets_id_fk" FOREIGN KEY ("budget_id") REFERENCES "public"."budgets"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "budget_spend" ADD CONSTRAINT "budget_spend_budget_id_budgets_id_fk" FOREIGN KEY ("budget_id") REFERENCES "public"."budgets"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "budgets" ADD CONSTRAINT "budgets_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "alert_deliveries" ADD CONSTRAINT "alert_deliveries_channel_id_alert_channels_id_fk" FOREIGN KEY ("channel_id") REFERENCES "public"."alert_channels"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "alerts" ADD CONSTRAINT "alerts_rule_id_alert_rules_id_fk" FOREIGN KEY ("rule_id") REFERENCES "public"."alert_rules"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "usage_tenant" ON "usage" USING btree ("tenant_id","grain","bucket");--> statement-breakpoint
CREATE UNIQUE INDEX "budget_events_once" ON "budget_events" USING btree ("budget_id","subject","period_start","percent");--> statement-breakpoint
CREATE INDEX "alert_deliveries_due" ON "alert_deliveries" USING btree ("next_at") WHERE "alert_deliveries"."next_at" is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "alerts_dedupe" ON "alerts" USING btree ("dedupe_key") WHERE "alerts"."ended_at" is null;--> statement-breakpoint
CREATE INDEX "alerts_started" ON "alerts" USING btree ("started_at");--> statement-breakpoint
-- The ledger, kept apart by day through the time in front of every request id. Ids from before that, and days that have
-- no partition of their own, lie in ledger_rest. Readers read the old table until the last moment; writers wait.
LOCK TABLE "ledger" IN SHARE MODE;--> statement-breakpoint
CREATE TABLE "ledger_shape" (LIKE "ledger" INCLUDING DEFAULTS);--> statement-breakpoint
ALTER TABLE "ledger_shape" ALTER COLUMN "request_id" TYPE text COLLATE "C";--> statement-breakpoint
CREATE TABLE "ledger_after" (LIKE "ledger_shape" INCLUDING DEFAULTS, CONSTRAINT "ledger_after_pkey" PRIMARY KEY ("request_id")) PARTITION BY RANGE ("request_id");--> statement-breakpoint
DROP TABLE "ledger_shape";--> statement-breakpoint
CREATE TABLE "ledger_rest" PARTITION OF "ledger_after" DEFAULT;--> statement-breakpoint
INSERT INTO "ledger_after" SELECT * FROM "ledger";--> statement-breakpoint
CREATE INDEX "ledger_after_ended" ON "ledger_after" USING btree ("ended_at");--> statement-breakpoint
CREATE INDEX "ledger_after_tenant_ended" ON "ledger_after" USING btree ("tenant_id","ended_at");--> statement-breakpoint
INSERT INTO "usage" SELECT g.grain, date_trunc(CASE g.grain WHEN 'user' THEN 'day' WHEN 'key_hour' THEN 'hour' ELSE g.grain END, ended_at, 'UTC'), tenant_id, CASE WHEN g.grain = 'user' THEN '' ELSE served_model END,
  CASE WHEN g.grain IN ('key_hour', 'day') THEN key_family_id ELSE '' END,
  CASE WHEN g.grain IN ('key_hour', 'day') THEN coalesce(feature, '') ELSE '' END,
  CASE WHEN g.grain = 'user' THEN user_digest ELSE '' END,
  count(*), count(*) FILTER (WHERE ending <> 'complete'), count(degradation), sum(input_tokens), sum(cached_input_tokens), sum(output_tokens), sum(cost_micro_usd)
FROM "ledger_after" CROSS JOIN (VALUES ('minute'), ('hour'), ('key_hour'), ('day'), ('user')) AS g(grain) GROUP BY 1, 2, 3, 4, 5, 6, 7;
--> statement-breakpoint
DROP TABLE "ledger";--> statement-breakpoint
ALTER TABLE "ledger_after" RENAME TO "ledger";--> statement-breakpoint
ALTER INDEX "ledger_after_pkey" RENAME TO "ledger_pkey";--> statement-breakpoint
ALTER INDEX "ledger_after_ended" RENAME TO "ledger_ended";--> statement-breakpoint
ALTER INDEX "ledger_after_tenant_ended" RENAME TO "ledger_tenant_ended";--> statement-breakpoint
CREATE FUNCTION "make_ledger_part"("name" text, "from_id" text, "to_id" text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  -- A day whose rows lie in the rest already stays there.
  IF NOT EXISTS (SELECT FROM ledger_rest WHERE request_id >= from_id AND request_id < to_id) THEN
    EXECUTE format('CREATE TABLE %I PARTITION OF ledger FOR VALUES FROM (%L) TO (%L)', name, from_id, to_id);
  END IF;
END $$;
