-- A strict bucket promised "never more than its capacity in any window": that is a sliding window.
UPDATE "limits" SET "algorithm" = 'sliding_window', "refill" = NULL, "burst_credit" = NULL WHERE "strict" AND "algorithm" = 'token_bucket';--> statement-breakpoint
-- One counter over all tenants has one number: of what the tiers said about the same thing the smallest stays, for everyone.
WITH "ranked" AS (
  SELECT "id", "name", row_number() OVER (
    PARTITION BY "name", "layer", "dimension", "algorithm", "window_seconds", "calendar_period", "time_zone", "match", "observe"
    ORDER BY "capacity", coalesce("refill", "capacity"), "id") AS "rank"
  FROM "limits" WHERE "tier_id" IS NOT NULL AND "layer" IN ('global', 'provider')
), "kept" AS (
  SELECT "id", "name", row_number() OVER (PARTITION BY "name" ORDER BY "id") AS "twin" FROM "ranked" WHERE "rank" = 1
)
UPDATE "limits" SET "tier_id" = NULL,
  "name" = CASE WHEN "kept"."twin" = 1 THEN "limits"."name" ELSE left("limits"."name", 58) || '-' || "kept"."twin" END
FROM "kept" WHERE "limits"."id" = "kept"."id";--> statement-breakpoint
DELETE FROM "limits" WHERE "tier_id" IS NOT NULL AND "layer" IN ('global', 'provider');--> statement-breakpoint
ALTER TABLE "limits" DROP COLUMN "strict";
