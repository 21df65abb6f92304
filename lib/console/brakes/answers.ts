import { z } from "zod";
import { storedBrakeShape } from "../api/shapes";

const brakeShape = storedBrakeShape.extend({ refused: z.number(), observed: z.number() });

/** Response schemas of the verbs, for the OpenAPI file and for tests that compare real responses with them. */
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
