CREATE TABLE "label_usage" (
	"kind" text NOT NULL,
	"bucket" timestamp with time zone NOT NULL,
	"tenant_id" text NOT NULL,
	"label" text NOT NULL,
	"calls" integer NOT NULL,
	"broken" integer NOT NULL,
	"degraded" integer NOT NULL,
	"input_tokens" bigint NOT NULL,
	"cached_input_tokens" bigint NOT NULL,
	"output_tokens" bigint NOT NULL,
	"cost_micro_usd" bigint NOT NULL,
	CONSTRAINT "label_usage_kind_bucket_tenant_id_label_pk" PRIMARY KEY("kind","bucket","tenant_id","label")
);
--> statement-breakpoint
ALTER TABLE "budgets" DROP CONSTRAINT "budgets_level";--> statement-breakpoint
ALTER TABLE "ledger" ADD COLUMN "tags" text;--> statement-breakpoint
ALTER TABLE "refused_calls" ADD COLUMN "tags" text;--> statement-breakpoint
CREATE INDEX "label_usage_tenant" ON "label_usage" USING btree ("tenant_id","kind","bucket");--> statement-breakpoint
ALTER TABLE "budgets" ADD CONSTRAINT "budgets_level" CHECK ("budgets"."level" in ('global', 'tenant', 'user', 'key', 'feature', 'session', 'agent', 'tag', 'model'));