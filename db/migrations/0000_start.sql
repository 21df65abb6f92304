CREATE TABLE "staff" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"email" text NOT NULL,
	"email_verified" boolean DEFAULT false NOT NULL,
	"image" text,
	"role" text DEFAULT 'viewer' NOT NULL,
	"banned" boolean DEFAULT false NOT NULL,
	"ban_reason" text,
	"ban_expires" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "staff_email_unique" UNIQUE("email")
);
--> statement-breakpoint
CREATE TABLE "staff_accounts" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"provider_id" text NOT NULL,
	"user_id" text NOT NULL,
	"access_token" text,
	"refresh_token" text,
	"id_token" text,
	"access_token_expires_at" timestamp with time zone,
	"refresh_token_expires_at" timestamp with time zone,
	"scope" text,
	"password" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "staff_sessions" (
	"id" text PRIMARY KEY NOT NULL,
	"token" text NOT NULL,
	"user_id" text NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"ip_address" text,
	"user_agent" text,
	"impersonated_by" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "staff_sessions_token_unique" UNIQUE("token")
);
--> statement-breakpoint
CREATE TABLE "staff_verifications" (
	"id" text PRIMARY KEY NOT NULL,
	"identifier" text NOT NULL,
	"value" text NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "keys" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL,
	"family_id" text NOT NULL,
	"name" text NOT NULL,
	"environment" text NOT NULL,
	"hmac" text NOT NULL,
	"pepper_version" integer NOT NULL,
	"last4" text NOT NULL,
	"status" text DEFAULT 'active' NOT NULL,
	"models" text[],
	"endpoints" text[],
	"ip_allow" text[],
	"expires_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_used_at" timestamp with time zone,
	"revoked_at" timestamp with time zone,
	CONSTRAINT "keys_status" CHECK ("keys"."status" in ('active', 'revoked'))
);
--> statement-breakpoint
CREATE TABLE "tenants" (
	"id" text PRIMARY KEY NOT NULL,
	"slug" text NOT NULL,
	"name" text NOT NULL,
	"tier_id" text NOT NULL,
	"time_zone" text DEFAULT 'UTC' NOT NULL,
	"status" text DEFAULT 'active' NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "tenants_slug_unique" UNIQUE("slug"),
	CONSTRAINT "tenants_status" CHECK ("tenants"."status" in ('active', 'suspended'))
);
--> statement-breakpoint
CREATE TABLE "users" (
	"tenant_id" text NOT NULL,
	"digest" text NOT NULL,
	"name" text NOT NULL,
	"first_seen_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "brakes" (
	"id" text PRIMARY KEY NOT NULL,
	"scope" jsonb NOT NULL,
	"mode" text NOT NULL,
	"reason" text NOT NULL,
	"public_message" text,
	"created_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone,
	"lifted_at" timestamp with time zone,
	"lifted_by" text,
	"lift_reason" text
);
--> statement-breakpoint
CREATE TABLE "limits" (
	"id" text PRIMARY KEY NOT NULL,
	"tier_id" text,
	"key_family_id" text,
	"name" text NOT NULL,
	"layer" text NOT NULL,
	"dimension" text NOT NULL,
	"algorithm" text NOT NULL,
	"capacity" bigint NOT NULL,
	"refill" bigint,
	"window_seconds" integer,
	"calendar_period" text,
	"time_zone" text,
	"strict" boolean DEFAULT false NOT NULL,
	"match" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"on_exceed" text DEFAULT 'refuse' NOT NULL,
	"observe" boolean DEFAULT false NOT NULL,
	"failure_mode" text DEFAULT 'local' NOT NULL,
	"position" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "limits_capacity" CHECK ("limits"."capacity" between 0 and 9000000000000000),
	CONSTRAINT "limits_refill" CHECK ("limits"."refill" is null or "limits"."refill" between 1 and 9000000000000000),
	CONSTRAINT "limits_window" CHECK ("limits"."window_seconds" is null or "limits"."window_seconds" between 1 and 31622400)
);
--> statement-breakpoint
CREATE TABLE "overrides" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant_pattern" text NOT NULL,
	"key_family_id" text,
	"limit_name" text NOT NULL,
	"capacity" bigint,
	"refill" bigint,
	"reason" text NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "policy_versions" (
	"version" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "policy_versions_version_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"actor" text NOT NULL,
	"change" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "tiers" (
	"id" text PRIMARY KEY NOT NULL,
	"slug" text NOT NULL,
	"name" text NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"position" integer DEFAULT 0 NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "tiers_slug_unique" UNIQUE("slug")
);
--> statement-breakpoint
CREATE TABLE "models" (
	"id" text PRIMARY KEY NOT NULL,
	"slug" text NOT NULL,
	"provider_id" text NOT NULL,
	"upstream_name" text NOT NULL,
	"context_tokens" integer NOT NULL,
	"max_output_tokens" integer NOT NULL,
	"default_output_tokens" integer NOT NULL,
	"enabled" boolean DEFAULT true NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "models_slug_unique" UNIQUE("slug")
);
--> statement-breakpoint
CREATE TABLE "prices" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "prices_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"model_id" text NOT NULL,
	"valid_from" timestamp with time zone NOT NULL,
	"input_micro_usd_per_million" bigint NOT NULL,
	"cached_input_micro_usd_per_million" bigint NOT NULL,
	"output_micro_usd_per_million" bigint NOT NULL,
	"source" text NOT NULL,
	CONSTRAINT "prices_range" CHECK ("prices"."input_micro_usd_per_million" between 0 and 1000000000 and "prices"."cached_input_micro_usd_per_million" between 0 and 1000000000 and "prices"."output_micro_usd_per_million" between 0 and 1000000000)
);
--> statement-breakpoint
CREATE TABLE "providers" (
	"id" text PRIMARY KEY NOT NULL,
	"slug" text NOT NULL,
	"name" text NOT NULL,
	"dialect" text NOT NULL,
	"base_url" text NOT NULL,
	"credential_env" text,
	"allow_local" boolean DEFAULT false NOT NULL,
	"continuous_usage" boolean DEFAULT false NOT NULL,
	"enabled" boolean DEFAULT true NOT NULL,
	CONSTRAINT "providers_slug_unique" UNIQUE("slug")
);
--> statement-breakpoint
CREATE TABLE "audit" (
	"seq" bigserial PRIMARY KEY NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"actor" text NOT NULL,
	"role" text NOT NULL,
	"address" text NOT NULL,
	"action" text NOT NULL,
	"target" text NOT NULL,
	"before" jsonb,
	"after" jsonb,
	"reason" text,
	"previous_hash" text NOT NULL,
	"hash" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "ledger" (
	"request_id" text PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL,
	"tier_id" text NOT NULL,
	"key_id" text NOT NULL,
	"key_family_id" text NOT NULL,
	"user_digest" text NOT NULL,
	"feature" text,
	"endpoint" text NOT NULL,
	"asked_model" text NOT NULL,
	"served_model" text NOT NULL,
	"provider_id" text NOT NULL,
	"policy_version" bigint NOT NULL,
	"stream" boolean NOT NULL,
	"estimated_input_tokens" integer NOT NULL,
	"reserved_output_tokens" integer NOT NULL,
	"input_tokens" integer NOT NULL,
	"cached_input_tokens" integer NOT NULL,
	"output_tokens" integer NOT NULL,
	"usage_source" text NOT NULL,
	"cost_micro_usd" bigint NOT NULL,
	"input_price" bigint NOT NULL,
	"cached_input_price" bigint NOT NULL,
	"output_price" bigint NOT NULL,
	"ending" text NOT NULL,
	"upstream_status" integer,
	"upstream_headers_ms" integer,
	"total_ms" integer NOT NULL,
	"admitted_at" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone NOT NULL,
	"instance_id" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "refusal_counts" (
	"minute" timestamp with time zone NOT NULL,
	"tenant_id" text NOT NULL,
	"code" text NOT NULL,
	"layer" text NOT NULL,
	"dimension" text NOT NULL,
	"limit_name" text NOT NULL,
	"count" integer NOT NULL,
	CONSTRAINT "refusal_counts_minute_tenant_id_code_layer_dimension_limit_name_pk" PRIMARY KEY("minute","tenant_id","code","layer","dimension","limit_name")
);
--> statement-breakpoint
ALTER TABLE "staff_accounts" ADD CONSTRAINT "staff_accounts_user_id_staff_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."staff"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "staff_sessions" ADD CONSTRAINT "staff_sessions_user_id_staff_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."staff"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "keys" ADD CONSTRAINT "keys_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tenants" ADD CONSTRAINT "tenants_tier_id_tiers_id_fk" FOREIGN KEY ("tier_id") REFERENCES "public"."tiers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "users" ADD CONSTRAINT "users_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "limits" ADD CONSTRAINT "limits_tier_id_tiers_id_fk" FOREIGN KEY ("tier_id") REFERENCES "public"."tiers"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "models" ADD CONSTRAINT "models_provider_id_providers_id_fk" FOREIGN KEY ("provider_id") REFERENCES "public"."providers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "prices" ADD CONSTRAINT "prices_model_id_models_id_fk" FOREIGN KEY ("model_id") REFERENCES "public"."models"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "staff_sessions_user" ON "staff_sessions" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "keys_tenant" ON "keys" USING btree ("tenant_id");--> statement-breakpoint
CREATE INDEX "keys_family" ON "keys" USING btree ("family_id");--> statement-breakpoint
CREATE INDEX "tenants_tier" ON "tenants" USING btree ("tier_id");--> statement-breakpoint
CREATE UNIQUE INDEX "users_tenant_digest" ON "users" USING btree ("tenant_id","digest");--> statement-breakpoint
CREATE UNIQUE INDEX "limits_owner_name" ON "limits" USING btree (coalesce("tier_id", ''),coalesce("key_family_id", ''),"name");--> statement-breakpoint
CREATE INDEX "models_provider" ON "models" USING btree ("provider_id");--> statement-breakpoint
CREATE INDEX "prices_model_from" ON "prices" USING btree ("model_id","valid_from");--> statement-breakpoint
CREATE INDEX "audit_at" ON "audit" USING btree ("at");--> statement-breakpoint
CREATE INDEX "ledger_ended" ON "ledger" USING btree ("ended_at");--> statement-breakpoint
CREATE INDEX "ledger_tenant_ended" ON "ledger" USING btree ("tenant_id","ended_at");