import { z } from "zod";
import { serviceTiers } from "@/lib/policy/rows/service-tiers";
import { modelPriceShape } from "../api/shapes";

const ratesShape = z.object({
  input: z.number(),
  cachedInput: z.number(),
  output: z.number(),
  aboveInputTokens: z.number(),
  audioInput: z.number().optional(),
  audioOutput: z.number().optional(),
  cacheWrite: z.number().optional(),
  cacheWriteHour: z.number().optional(),
  imageInput: z.number().optional(),
  imageOutput: z.number().optional(),
  reasoning: z.number().optional(),
});

/** Whether a place gets calls, why not, and when it is tried again. */
const placeShape = z.object({
  state: z.enum(["open", "cooling", "probing", "taken_out"]),
  why: z.enum(["limited", "failing", "taken_out"]).nullable(),
  detail: z.string().nullable(),
  since: z.string().nullable(),
  nextProbeAt: z.string().nullable(),
  limitedInARow: z.number(),
});
export type PlaceView = z.infer<typeof placeShape>;

/** A provider's free room in one dimension, by our own count, and how well its limit is known. */
const roomShape = z.object({
  dimension: z.string(),
  known: z.enum(["fresh", "aged", "unknown"]),
  capacity: z.number(),
  used: z.number(),
  windowSeconds: z.number(),
  heardAt: z.string().nullable(),
});
export type RoomView = z.infer<typeof roomShape>;

const upstreamModelShape = z.object({
  slug: z.string(),
  fallbacks: z.array(z.string()),
  state: placeShape,
  rooms: z.array(roomShape),
});

/** A further credential of a provider. */
const credentialShape = z.object({
  name: z.string(),
  weight: z.number(),
  credentialEnv: z.string().nullable(),
  credentialLast4: z.string().nullable(),
  takenOutReason: z.string().nullable(),
});
/** A model with the figures of its calls in the last minutes. Latencies are of answers that completed. */
const modelFiguresShape = z.object({
  slug: z.string(),
  upstreamName: z.string(),
  provider: z.string(),
  contextTokens: z.number(),
  maxOutputTokens: z.number(),
  defaultOutputTokens: z.number(),
  fallbacks: z.array(z.string()),
  enabled: z.boolean(),
  /** micro-dollars per million tokens; null = it has no price and cannot be called */
  price: z.object({ input: z.number(), output: z.number() }).nullable(),
  calls: z.number(),
  failed: z.number(),
  /** stored refusals of calls that requested it */
  refused: z.number(),
  p50Ms: z.number().nullable(),
  p95Ms: z.number().nullable(),
  p99Ms: z.number().nullable(),
  firstP50Ms: z.number().nullable(),
  firstP95Ms: z.number().nullable(),
  tokensPerSecond: z.number().nullable(),
  inputTokens: z.number(),
  outputTokens: z.number(),
  costMicroUsd: z.number(),
});
export type ModelFigures = z.infer<typeof modelFiguresShape>;

/** Response schemas of the verbs, for the OpenAPI file and for tests that check real responses. */
export const PROVIDERS_ANSWERS = {
  listCatalog: z.object({
    providers: z.array(
      z.object({
        id: z.string(),
        slug: z.string(),
        name: z.string(),
        dialect: z.string(),
        preset: z.string().nullable(),
        baseUrl: z.string(),
        credentialEnv: z.string().nullable(),
        credentialLast4: z.string().nullable(),
        credentialWeight: z.number(),
        credentials: z.array(credentialShape),
        allowLocal: z.boolean(),
        continuousUsage: z.boolean(),
        strict: z.boolean(),
        answerSeconds: z.number().nullable(),
        silenceSeconds: z.number().nullable(),
        requestsPerMinute: z.number().nullable(),
        tokensPerMinute: z.number().nullable(),
        serviceTiers,
        ramps: z.boolean(),
        coolsDown: z.boolean(),
        enabled: z.boolean(),
        takenOutReason: z.string().nullable(),
        reopenedAt: z.string().nullable(),
      }),
    ),
    models: z.array(
      z.object({
        id: z.string(),
        slug: z.string(),
        providerId: z.string(),
        upstreamName: z.string(),
        contextTokens: z.number(),
        maxOutputTokens: z.number(),
        defaultOutputTokens: z.number(),
        fallbacks: z.array(z.string()),
        enabled: z.boolean(),
        createdAt: z.string(),
      }),
    ),
    prices: z.array(
      z.object({
        id: z.number(),
        modelId: z.string(),
        validFrom: z.string(),
        inputMicroUsdPerMillion: z.number(),
        cachedInputMicroUsdPerMillion: z.number(),
        outputMicroUsdPerMillion: z.number(),
        more: z.object({
          longContext: z.array(ratesShape).optional(),
          serviceTiers: z
            .record(
              z.string(),
              z.object({
                input: z.number(),
                cachedInput: z.number(),
                output: z.number(),
                longContext: z.array(ratesShape).optional(),
                audioInput: z.number().optional(),
                audioOutput: z.number().optional(),
                cacheWrite: z.number().optional(),
                cacheWriteHour: z.number().optional(),
                imageInput: z.number().optional(),
                imageOutput: z.number().optional(),
                reasoning: z.number().optional(),
              }),
            )
            .optional(),
          fees: z.record(z.string(), z.number()).optional(),
          audioInput: z.number().optional(),
          audioOutput: z.number().optional(),
          cacheWrite: z.number().optional(),
          cacheWriteHour: z.number().optional(),
          imageInput: z.number().optional(),
          imageOutput: z.number().optional(),
          reasoning: z.number().optional(),
        }),
        source: z.string(),
      }),
    ),
  }),
  putModel: z.object({
    provider: z.string(),
    upstreamName: z.string().optional(),
    contextTokens: z.number(),
    maxOutputTokens: z.number(),
    defaultOutputTokens: z.number(),
    fallbacks: z.array(z.string()).optional(),
    enabled: z.boolean(),
    slug: z.string(),
    price: modelPriceShape,
  }),
  putProvider: z.object({
    name: z.string(),
    dialect: z.enum(["anthropic", "openai"]),
    preset: z.string().nullable(),
    baseUrl: z.string(),
    credentialEnv: z.string().nullable(),
    allowLocal: z.boolean(),
    continuousUsage: z.boolean(),
    strict: z.boolean(),
    answerSeconds: z.number().nullable(),
    silenceSeconds: z.number().nullable(),
    requestsPerMinute: z.number().nullable(),
    tokensPerMinute: z.number().nullable(),
    serviceTiers,
    ramps: z.boolean(),
    coolsDown: z.boolean(),
    enabled: z.boolean(),
    credentialLast4: z.string().optional(),
    credentialWeight: z.number(),
    credentials: z.array(credentialShape),
    slug: z.string(),
  }),
  listProviders: z.object({
    minutes: z.number(),
    providers: z.array(
      z.object({
        slug: z.string(),
        name: z.string(),
        enabled: z.boolean(),
        calls: z.number(),
        failed: z.number(),
        limited: z.number(),
        p50Ms: z.number().nullable(),
        p95Ms: z.number().nullable(),
        lastFailedAt: z.string().nullable(),
      }),
    ),
    credentials: z.array(
      z.object({
        provider: z.string(),
        credential: z.string().nullable(),
        model: z.string(),
        calls: z.number(),
        limited: z.number(),
      }),
    ),
  }),
  listUpstream: z.object({
    providers: z.array(
      z.object({
        slug: z.string(),
        name: z.string(),
        takenOutReason: z.string().nullable(),
        state: placeShape,
        models: z.array(upstreamModelShape),
        credentials: z.array(
          z.object({
            name: z.string(),
            weight: z.number(),
            takenOutReason: z.string().nullable(),
            state: placeShape,
            models: z.array(upstreamModelShape),
          }),
        ),
      }),
    ),
  }),
  putUpstream: z.object({ slug: z.string(), inService: z.boolean(), credential: z.string().optional() }),
  testConnection: z.object({
    provider: z.string(),
    credential: z.enum(["stored", "variable", "unset", "none"]),
    outcome: z.enum(["accepted", "answered", "rejected", "unreachable", "built_in"]),
    status: z.number().nullable(),
    ms: z.number().nullable(),
    models: z.array(z.string()),
    detail: z.string().nullable(),
  }),
  remove: z.object({ slug: z.string(), removed: z.boolean() }),
  listModels: z.object({ minutes: z.number(), models: z.array(modelFiguresShape) }),
};

export type UpstreamView = z.infer<typeof PROVIDERS_ANSWERS.listUpstream>;
