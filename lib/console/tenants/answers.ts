import { z } from "zod";
import { CALLER_KINDS } from "@/db/queries/tenants/recent-callers";
import { COST_CLASSES } from "@/lib/policy/cost-class";
import { limitUseShape, quotaShape } from "../api/shapes";

const permitsShape = z.object({ L: z.number(), M: z.number(), S: z.number(), XL: z.number() });

const noteShape = z.object({ id: z.string(), text: z.string(), by: z.string(), at: z.string() });

const tenantShape = z.object({
  createdAt: z.string(),
  activeKeys: z.number(),
  featureClasses: z.record(z.string(), z.enum(COST_CLASSES)),
  slug: z.string(),
  name: z.string(),
  tier: z.string(),
  tierName: z.string(),
  timeZone: z.string(),
  status: z.string(),
});

/** Response schemas of the verbs, for the OpenAPI file and for tests that check real responses. */
export const TENANTS_ANSWERS = {
  listClients: z.object({
    days: z.number(),
    clients: z.array(z.object({ client: z.string(), calls: z.number(), retries: z.number(), refused: z.number() })),
  }),
  listFeatures: z.object({
    permits: permitsShape,
    outputTokens: permitsShape,
    features: z.array(
      z.object({
        feature: z.string(),
        costClass: z.enum(COST_CLASSES).nullable(),
        calls: z.number(),
        reservedInputTokens: z.number(),
        inputTokens: z.number(),
        reservedOutputTokens: z.number(),
        outputTokens: z.number(),
      }),
    ),
  }),
  putClasses: z.object({ tenant: z.string(), permits: permitsShape }),
  putFeature: z.object({ tenant: z.string(), feature: z.string(), costClass: z.enum(COST_CLASSES).nullable() }),
  readEstimates: z.object({
    rows: z.array(
      z.object({
        feature: z.string().nullable(),
        model: z.string(),
        calls: z.number(),
        estimatedInputTokens: z.number(),
        reservedInputTokens: z.number(),
        inputTokens: z.number(),
        reservedOutputTokens: z.number(),
        outputTokens: z.number(),
        overruns: z.number(),
      }),
    ),
  }),
  nearestLimits: z.object({
    at: z.string(),
    limits: z.array(
      limitUseShape.extend({
        of: z.object({ kind: z.enum(CALLER_KINDS), id: z.string(), name: z.string().nullable() }),
      }),
    ),
  }),
  listNotes: z.object({ notes: z.array(noteShape) }),
  removeNote: noteShape,
  writeNote: noteShape,
  readQuota: quotaShape.extend({
    limits: z.array(limitUseShape.extend({ refusedLately: z.number(), isRefusing: z.boolean() })),
  }),
  resetCounter: z.object({
    limit: z.string(),
    user: z.string().nullable(),
    key: z.string().nullable(),
    requestId: z.string().nullable(),
    used: z.number(),
  }),
  createLink: z.object({ url: z.string(), expiresAt: z.string() }),
  revokeLinks: z.object({ tenant: z.string() }),
  createTenant: tenantShape,
  editTenant: tenantShape,
  getTenant: tenantShape,
  listTenants: z.object({ tenants: z.array(tenantShape), next: z.string().nullable(), total: z.number() }),
};
