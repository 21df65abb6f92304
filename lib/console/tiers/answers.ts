import { z } from "zod";
import { limitShape } from "../api/shapes";

const outcomeShape = z.object({ calls: z.number(), refused: z.number(), hours: z.number() });

const tenantRefusalsShape = z.object({ tenant: z.string(), calls: z.number(), refused: z.number() });

const ladderShape = z.object({
  trimTo: z.number().nullable(),
  models: z.array(z.string()),
  fromBudgetShare: z.number().nullable(),
  reserve: z.enum(["worst", "learned"]),
  waits: z.boolean(),
});

const scheduleShape = z.object({
  id: z.string(),
  publishAt: z.string(),
  by: z.string(),
  status: z.string(),
  outcome: z.string().nullable(),
  comment: z.string().nullable(),
  limits: z.number(),
});

const replayedShape = z.object({
  refused: z.number(),
  firstAt: z.string().nullable(),
  limits: z.array(z.object({ limit: z.string(), refused: z.number() })),
  tenants: z.array(tenantRefusalsShape),
});

const tierShape = z.object({
  limits: z.array(limitShape),
  unreadable: z.array(z.string()),
  slug: z.string(),
  name: z.string(),
  version: z.number(),
  ladder: ladderShape,
  keyDaysMax: z.number().nullable(),
  updatedAt: z.string(),
  tenants: z.number(),
});

/** Response schemas of the verbs, for the OpenAPI file and for tests that check real responses. */
export const TIERS_ANSWERS = {
  createTier: tierShape,
  observedOfTier: z.object({
    since: z.string(),
    limits: z.array(
      z.object({
        name: z.string(),
        count: z.number(),
        tenants: z.array(z.object({ tenant: z.string(), count: z.number() })),
      }),
    ),
  }),
  replayTier: z.object({
    calls: z.number(),
    servedInFact: z.number(),
    hours: z.number(),
    refusedInFact: z.number(),
    now: replayedShape,
    draft: replayedShape,
    tookMs: z.number(),
    contradictions: z.array(z.string()),
  }),
  listVersions: z.object({
    versions: z.array(
      z.object({
        version: z.number(),
        at: z.string().nullable(),
        by: z.string().nullable(),
        comment: z.string().nullable(),
        limits: z.array(limitShape),
        ladder: ladderShape.nullable(),
        predicted: outcomeShape.nullable(),
        came: outcomeShape.nullable(),
      }),
    ),
    schedules: z.array(scheduleShape),
  }),
  scheduleTier: scheduleShape,
  withdrawSchedule: scheduleShape,
  getTier: tierShape,
  listTiers: z.object({ tiers: z.array(tierShape) }),
  putTier: tierShape,
  removeTier: z.object({ slug: z.string(), removed: z.boolean() }),
};
