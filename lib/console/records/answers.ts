import { z } from "zod";
import { DIMENSIONS } from "@/lib/limits/rules/dimensions";
import { LAYERS } from "@/lib/limits/rules/layers";
import { ALGORITHMS } from "@/lib/limits/rules/rule";
import { quotaShape } from "../api/shapes";

const costLineShape = z.object({ of: z.string(), count: z.number(), rate: z.number() });

const fitShape = z.object({
  name: z.string(),
  layer: z.enum(LAYERS),
  dimension: z.enum(DIMENSIONS),
  limit: z.number(),
  remaining: z.number(),
  asked: z.number(),
  fits: z.boolean(),
});

const againShape = z.object({ isAdmitted: z.boolean(), brakeId: z.string().nullable(), limits: z.array(fitShape) });

const metLimitShape = z.object({
  name: z.string(),
  layer: z.enum(LAYERS),
  dimension: z.enum(DIMENSIONS),
  algorithm: z.enum(ALGORITHMS),
  limit: z.number(),
  used: z.number(),
  remaining: z.number(),
  asked: z.number(),
  waitMs: z.number().nullable(),
  observe: z.boolean(),
});

const refusedCallShape = z.object({
  at: z.string(),
  tenant: z.string(),
  largestOutputTokens: z.number().nullable(),
  askedModel: z.string(),
  client: z.string(),
  clientAddress: z.string(),
  code: z.string(),
  dimension: z.string(),
  endpoint: z.string(),
  estimatedInputTokens: z.number(),
  feature: z.string().nullable(),
  session: z.string().nullable(),
  agent: z.string().nullable(),
  tags: z.string().nullable(),
  heldFeesMicroUsd: z.number(),
  inputPrice: z.number(),
  keyFamilyId: z.string(),
  keyId: z.string(),
  layer: z.string(),
  limitName: z.string(),
  message: z.string(),
  met: z.array(metLimitShape),
  model: z.string(),
  outputPrice: z.number(),
  permits: z.number(),
  policyVersion: z.number(),
  priority: z.string(),
  requestId: z.string(),
  reservedOutputTokens: z.number(),
  retryAfterMs: z.number().nullable(),
  stream: z.boolean(),
});

const deniedShape = z.object({
  requestId: z.string(),
  at: z.string(),
  code: z.string(),
  status: z.number(),
  tenant: z.string().nullable(),
  keyId: z.string().nullable(),
  address: z.string().nullable(),
  endpoint: z.string(),
  model: z.string().nullable(),
  count: z.number(),
});

const ledgerRowShape = z.object({
  reservedInputTokens: z.number(),
  tenant: z.string(),
  admittedAt: z.string(),
  answerId: z.string().nullable(),
  askedModel: z.string(),
  cachedInputPrice: z.number(),
  cachedInputTokens: z.number(),
  clientAddress: z.string(),
  costLines: z.array(costLineShape).nullable(),
  costMicroUsd: z.number(),
  credential: z.string().nullable(),
  degradation: z.string().nullable(),
  endedAt: z.string(),
  ending: z.string(),
  endpoint: z.string(),
  estimatedInputTokens: z.number(),
  feature: z.string().nullable(),
  session: z.string().nullable(),
  agent: z.string().nullable(),
  tags: z.string().nullable(),
  heldFeesMicroUsd: z.number(),
  inputPrice: z.number(),
  inputTokens: z.number(),
  instanceId: z.string(),
  keyFamilyId: z.string(),
  keyId: z.string(),
  limitMode: z.string(),
  outputPrice: z.number(),
  outputTokens: z.number(),
  permits: z.number(),
  policyVersion: z.number(),
  priority: z.string(),
  requestId: z.string(),
  reservedOutputTokens: z.number(),
  servedModel: z.string(),
  serviceTier: z.string().nullable(),
  stream: z.boolean(),
  totalMs: z.number(),
  upstreamHeadersMs: z.number().nullable(),
  firstTokenMs: z.number().nullable(),
  upstreamStatus: z.number().nullable(),
  usageSource: z.string(),
  userDigest: z.string(),
});

/** Response schemas of the verbs, for the OpenAPI file and for tests that check real responses. */
export const RECORDS_ANSWERS = {
  listAudit: z.object({
    rows: z.array(
      z.object({
        at: z.string(),
        action: z.string(),
        actor: z.string(),
        address: z.string(),
        after: z.unknown(),
        before: z.unknown(),
        hash: z.string(),
        reason: z.string().nullable(),
        role: z.string(),
        seq: z.number(),
        target: z.string(),
        targetName: z.string().nullable(),
      }),
    ),
    next: z.number().nullable(),
  }),
  verifyAudit: z.object({
    intact: z.boolean(),
    brokenAt: z.number().nullable(),
    faults: z.array(
      z.object({
        seq: z.number(),
        kind: z.enum([
          "changed",
          "gap",
          "rewritten",
          "removed",
          "appended",
          "head_missing",
          "head_not_ours",
          "cut_not_ours",
        ]),
        text: z.string(),
      }),
    ),
    rows: z.number(),
    first: z.number().nullable(),
    last: z.number().nullable(),
    checkedAt: z.string(),
    head: z.object({ seq: z.number(), at: z.string() }).nullable(),
    cut: z.object({ seq: z.number(), at: z.string() }).nullable(),
    anchors: z.object({
      count: z.number(),
      unreadable: z.number(),
      newest: z.object({ seq: z.number(), at: z.string() }).nullable(),
    }),
    publicKey: z.string(),
  }),
  /** Exactly one of call, refused and denied is not null; of a denied call `again` and `quota` are null. */
  explain: z.object({
    user: z.string().nullable(),
    call: ledgerRowShape.nullable(),
    refused: refusedCallShape.nullable(),
    denied: deniedShape.nullable(),
    again: againShape.nullable(),
    quota: quotaShape.nullable(),
  }),
  listRefused: z.object({ calls: z.array(refusedCallShape), next: z.string().nullable() }),
  readLedger: z.object({ rows: z.array(ledgerRowShape), next: z.string().nullable().optional() }),
};
