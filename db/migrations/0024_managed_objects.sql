CREATE TABLE "managed_objects" (
	"kind" text NOT NULL,
	"name" text NOT NULL,
	"source" text NOT NULL,
	"content" jsonb NOT NULL,
	"applied_by" text NOT NULL,
	"applied_at" timestamp with time zone NOT NULL,
	CONSTRAINT "managed_objects_kind_name_pk" PRIMARY KEY("kind","name")
);
