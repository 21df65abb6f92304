import { z } from "zod";
import { KINDS } from "@/db/queries/requests/log";

const view = z.object({ id: z.string(), name: z.string(), query: z.string() });

const line = z.object({
  at: z.string(),
  requestId: z.string(),
  kind: z.enum(KINDS),
  tenant: z.string().nullable(),
  tenantName: z.string().nullable(),
  keyId: z.string(),
  keyName: z.string().nullable(),
  user: z.string().nullable(),
  feature: z.string().nullable(),
  session: z.string().nullable(),
  agent: z.string().nullable(),
  tags: z.string().nullable(),
  endpoint: z.string(),
  askedModel: z.string(),
  servedModel: z.string().nullable(),
  outcome: z.string(),
  status: z.number().nullable(),
  limitName: z.string().nullable(),
  inputTokens: z.number().nullable(),
  outputTokens: z.number().nullable(),
  costMicroUsd: z.number().nullable(),
  retryAfterMs: z.number().nullable(),
  totalMs: z.number().nullable(),
  headersMs: z.number().nullable(),
  firstTokenMs: z.number().nullable(),
  stream: z.boolean().nullable(),
  address: z.string(),
  count: z.number(),
});

/** Response schemas of the verbs, for the OpenAPI file and for tests that check real responses. */
export const REQUESTS_ANSWERS = {
  listViews: z.object({ views: z.array(view) }),
  saveView: view,
  removeView: view,
  listRequests: z.object({
    requests: z.array(line),
    next: z.string().nullable(),
    /** of all lines of the page, in order, when `have` was sent */
    marks: z.array(z.string()).optional(),
  }),
  readSums: z.object({
    sums: z.array(
      z.object({
        tenant: z.string().nullable(),
        tenantName: z.string().nullable(),
        value: z.string(),
        name: z.string().nullable(),
        calls: z.number(),
        failed: z.number(),
        refused: z.number(),
        inputTokens: z.number(),
        outputTokens: z.number(),
        costMicroUsd: z.number(),
      }),
    ),
    total: z.number(),
    summedFrom: z.string().nullable(),
  }),
  readFacets: z.object({
    facets: z.array(z.object({ facet: z.string(), value: z.string(), count: z.number(), name: z.string().optional() })),
    buckets: z.array(z.object({ at: z.string(), kind: z.enum(KINDS), count: z.number() })),
    isCut: z.boolean(),
    countedFrom: z.string().nullable(),
  }),
};
