CREATE TABLE "turned_away" (
	"minute" timestamp with time zone NOT NULL,
	"code" text NOT NULL,
	"status" integer NOT NULL,
	"tenant_id" text NOT NULL,
	"key_id" text NOT NULL,
	"address" text NOT NULL,
	"path" text NOT NULL,
	"count" integer NOT NULL,
	"request_id" text NOT NULL,
	CONSTRAINT "turned_away_minute_code_tenant_id_key_id_address_path_pk" PRIMARY KEY("minute","code","tenant_id","key_id","address","path")
);
--> statement-breakpoint
CREATE INDEX "turned_away_request" ON "turned_away" USING btree ("request_id");--> statement-breakpoint
CREATE INDEX "ledger_tenant_request" ON "ledger" USING btree ("tenant_id","request_id");--> statement-breakpoint
CREATE INDEX "ledger_key_request" ON "ledger" USING btree ("key_id","request_id");