import { z } from "zod";
import { brakeScopeShape } from "../api/shapes";

const brakeShape = z.object({
  refused: z.number(),
  observed: z.number(),
  id: z.string(),
  scope: brakeScopeShape,
  mode: z.string(),
  reason: z.string(),
  publicMessage: z.string().nullable(),
  createdBy: z.string(),
  createdAt: z.string(),
  expiresAt: z.string().nullable(),
  liftedAt: z.string().nullable(),
  liftedBy: z.string().nullable(),
  liftReason: z.string().nullable(),
  rampFrom: z.string().nullable(),
  active: z.boolean(),
});

/** What each verb answers: for the OpenAPI file, and for the tests that hold real answers against it. */
export const BRAKES_ANSWERS = {
  lift: brakeShape,
  listBrakes: z.object({ brakes: z.array(brakeShape) }),
  setBrake: brakeShape,
  drill: z.object({
    at: z.string(),
    processes: z.array(z.object({ id: z.string(), tookMs: z.number().nullable() })),
    slowestMs: z.number().nullable(),
  }),
  dryRun: z.object({
    running: z.number(),
    runningTenants: z.number(),
    callsPerMinute: z.number(),
    tenants: z.number(),
  }),
};
