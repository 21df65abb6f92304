import { z } from "zod";
import { KINDS } from "./objects";

const named = { kind: z.enum(KINDS), name: z.string() };
const words = z.array(z.string());
const namedList = z.array(z.object(named));
const changeShape = z.object({
  ...named,
  act: z.enum(["create", "change", "replace", "remove"]),
  words,
  drifted: z.boolean(),
});
const section = z.looseObject({}).optional();

/** Response schemas of the verbs, for the OpenAPI file and for tests that compare real responses with them. */
export const CONFIG_ANSWERS = {
  exportConfig: z.object({
    spillway: z.literal("config/1"),
    everyone: z.array(z.looseObject({ name: z.string() })).optional(),
    providers: section,
    models: section,
    tiers: section,
    tenants: section,
    budgets: section,
    alertRules: section,
    staff: section,
  }),
  readConfigSchema: z.looseObject({ title: z.string() }),
  listManaged: z.object({
    objects: z.array(z.object({ ...named, source: z.string(), appliedAt: z.string(), appliedBy: z.string() })),
  }),
  readDrift: z.object({ drift: z.array(z.object({ ...named, source: z.string(), words })) }),
  planConfig: z.object({
    version: z.number(),
    changes: z.array(changeShape),
    adopted: namedList,
    released: namedList,
    others: namedList,
    faults: words,
  }),
  applyConfig: z.object({
    applied: z.array(changeShape),
    passwords: z.array(z.object({ email: z.string(), password: z.string() })),
  }),
};
