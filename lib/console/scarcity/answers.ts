import { z } from "zod";
import { PRIORITIES } from "@/lib/limits/rules/priority";
import { scarcityShape } from "@/lib/scarcity/settings";

const priority = z.enum(PRIORITIES);
const faredShape = z.object({
  priority,
  calls: z.number(),
  served: z.number(),
  lost: z.number(),
  p50WaitMs: z.number().nullable(),
  p95WaitMs: z.number().nullable(),
});

/** Response schemas of the verbs, for the OpenAPI file and for tests that check real responses. */
export const SCARCITY_ANSWERS = {
  readScarcity: z.object({
    settings: scarcityShape,
    defaults: scarcityShape,
    /** of the process with the highest load */
    pressure: z.number(),
    pressedBy: z.string(),
    classes: z.array(
      z.object({
        priority,
        waiting: z.number(),
        oldestMs: z.number(),
        bytes: z.number(),
        /** the share that is shed or downgraded now, in the process with the highest load */
        shedShare: z.number(),
        /** no more calls of this class are let in, because more urgent calls time out */
        isShut: z.boolean(),
        /** since the processes started */
        shedCalls: z.number(),
      }),
    ),
    tenants: z.array(z.object({ tenant: z.string(), priority, calls: z.number(), oldestMs: z.number() })),
    /** waiting calls of tenants that are not listed */
    more: z.number(),
  }),
  putScarcity: z.object({ settings: scarcityShape }),
  replayScarcity: z.object({
    calls: z.number(),
    since: z.string(),
    busiestMinuteMicroUsd: z.number(),
    perMinuteMicroUsd: z.number(),
    now: z.array(faredShape),
    draft: z.array(faredShape),
  }),
};

export type ScarcityView = z.infer<typeof SCARCITY_ANSWERS.readScarcity>;
export type ScarcityReplay = z.infer<typeof SCARCITY_ANSWERS.replayScarcity>;
