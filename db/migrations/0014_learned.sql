CREATE TABLE "learned" (
	"tenant_id" text NOT NULL,
	"feature" text NOT NULL,
	"model" text NOT NULL,
	"outputs" integer[] NOT NULL,
	"input_ratios" integer[] NOT NULL,
	"learned_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "learned_tenant_id_feature_model_pk" PRIMARY KEY("tenant_id","feature","model")
);
--> statement-breakpoint
ALTER TABLE "ledger" ADD COLUMN "reserved_input_tokens" integer;--> statement-breakpoint
CREATE INDEX "learned_at" ON "learned" USING btree ("learned_at");