CREATE TABLE "observed_counts" (
	"minute" timestamp with time zone NOT NULL,
	"tenant_id" text NOT NULL,
	"layer" text NOT NULL,
	"dimension" text NOT NULL,
	"limit_name" text NOT NULL,
	"count" integer NOT NULL,
	CONSTRAINT "observed_counts_limit_name_minute_tenant_id_layer_dimension_pk" PRIMARY KEY("limit_name","minute","tenant_id","layer","dimension")
);
