import { z } from "zod";
import { DIMENSIONS } from "@/lib/limits/rules/dimensions";
import { LAYERS } from "@/lib/limits/rules/layers";
import { ALGORITHMS } from "@/lib/limits/rules/rule";
import { limitMatchShape, limitSettingsShape, limitShape } from "../api/shapes";

const overrideShape = z.object({
  id: z.string(),
  tenant: z.string(),
  keyFamily: z.string().nullable(),
  limit: z.string(),
  dimension: z.enum(DIMENSIONS).nullable(),
  capacity: z.number().nullable(),
  refill: z.number().nullable(),
  reason: z.string(),
  createdBy: z.string(),
  createdAt: z.string(),
  expiresAt: z.string().nullable(),
  active: z.boolean(),
});

const limitSetShape = z.object({ limits: z.array(limitShape), unreadable: z.array(z.string()), version: z.number() });

/** Response schemas of the verbs, for the OpenAPI file and for tests that compare real responses with them. */
export const LIMITS_ANSWERS = {
  effectiveLimits: z.object({
    limits: z.array(
      z.object({
        name: z.string(),
        layer: z.enum(LAYERS),
        dimension: z.enum(DIMENSIONS),
        algorithm: z.enum(ALGORITHMS),
        windowSeconds: z.number().nullable(),
        calendarPeriod: z.string().nullable(),
        refill: z.number().nullable(),
        capacity: z.number().nullable(),
        observe: z.boolean(),
        match: limitMatchShape,
        chain: z.array(
          z.object({
            from: z.string(),
            name: z.string().nullable(),
            capacity: z.number().nullable(),
            by: z.string().nullable(),
            at: z.string().nullable(),
            reason: z.string().nullable(),
            expiresAt: z.string().nullable(),
            holds: z.boolean(),
          }),
        ),
      }),
    ),
    contradictions: z.array(z.string()),
  }),
  getEveryone: limitSetShape,
  putEveryone: limitSetShape,
  exportLimits: z.object({
    spillway: z.literal("limits/1"),
    everyone: z.array(limitSettingsShape).optional(),
    tiers: z.array(
      z.object({
        slug: z.string(),
        name: z.string(),
        ladder: z.object({
          trimTo: z.number().nullable(),
          models: z.array(z.string()),
          fromBudgetShare: z.number().nullable(),
          reserve: z.enum(["learned", "worst"]),
          waits: z.boolean(),
        }),
        limits: z.array(limitSettingsShape),
      }),
    ),
    overrides: z.array(
      z.object({
        tenant: z.string(),
        keyFamily: z.string().nullable(),
        limit: z.string(),
        capacity: z.number().nullable(),
        refill: z.number().nullable(),
        reason: z.string(),
        expiresAt: z.string().nullable(),
      }),
    ),
  }),
  importLimits: z.object({ applied: z.boolean(), changes: z.array(z.string()) }),
  createOverride: overrideShape,
  listOverrides: z.object({ overrides: z.array(overrideShape.extend({ tenantName: z.string().nullable() })) }),
  removeOverride: overrideShape,
};
