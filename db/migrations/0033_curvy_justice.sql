ALTER TABLE "tiers" ADD COLUMN "key_days_max" integer DEFAULT 90;
--> statement-breakpoint
UPDATE "keys" SET "environment" = CASE "environment" WHEN 'live' THEN 'production' WHEN 'test' THEN 'development' ELSE "environment" END;