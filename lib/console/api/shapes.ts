import { z } from "zod";
import { FAILURE_MODES } from "@/lib/limits/plan";
import { DIMENSIONS } from "@/lib/limits/rules/dimensions";
import { LAYERS } from "@/lib/limits/rules/layers";
import { PRIORITIES } from "@/lib/limits/rules/priority";
import { ALGORITHMS } from "@/lib/limits/rules/rule";

/** The origin of a limit. */
const origin = z.discriminatedUnion("from", [
  z.object({ from: z.literal("everyone") }),
  z.object({ from: z.literal("tier"), tier: z.string() }),
  z.object({ from: z.literal("override"), pattern: z.string(), reason: z.string() }),
  z.object({ from: z.literal("key") }),
  z.object({ from: z.literal("budget"), budget: z.string() }),
]);

export const limitMatchShape = z.object({
  model: z.string().optional(),
  provider: z.string().optional(),
  endpoint: z.string().optional(),
  priority: z.enum(PRIORITIES).optional(),
  tag: z.string().optional(),
});

export const brakeScopeShape = z.object({
  tenant: z.string().optional(),
  model: z.string().optional(),
  provider: z.string().optional(),
  key: z.string().optional(),
  endpoint: z.string().optional(),
  tier: z.string().optional(),
  session: z.string().optional(),
  user: z.string().optional(),
  agent: z.string().optional(),
  tag: z.string().optional(),
  priority: z.enum(PRIORITIES).optional(),
});

export const storedBrakeShape = z.object({
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
  names: z
    .object({ tenant: z.string().optional(), key: z.string().optional(), keyTenant: z.string().optional() })
    .optional(),
});

/** The rate that a forecast continues. */
export const paceShape = z.enum(["last_hour", "window", "last_seconds"]);

export const limitUseShape = z.object({
  name: z.string(),
  layer: z.enum(LAYERS),
  dimension: z.enum(DIMENSIONS),
  algorithm: z.enum(ALGORITHMS),
  limit: z.number(),
  used: z.number(),
  reserved: z.number().nullable(),
  credit: z.number(),
  remaining: z.number(),
  resetSeconds: z.number(),
  resetAt: z.string(),
  exhaustedAt: z.string().nullable(),
  exhaustedPace: paceShape.nullable(),
  observe: z.boolean(),
  failureMode: z.enum(FAILURE_MODES),
  match: limitMatchShape,
  origin,
});

export const quotaShape = z.object({ policyVersion: z.number(), at: z.string(), limits: z.array(limitUseShape) });

export const limitSettingsShape = z.object({
  name: z.string(),
  layer: z.enum(LAYERS),
  dimension: z.enum(DIMENSIONS),
  algorithm: z.enum(ALGORITHMS),
  capacity: z.number(),
  refill: z.number().nullable(),
  windowSeconds: z.number().nullable(),
  calendarPeriod: z.enum(["day", "month", "week"]).nullable(),
  timeZone: z.string().nullable(),
  burstCredit: z.number().nullable(),
  match: limitMatchShape,
  onExceed: z.enum(["degrade", "queue", "refuse"]),
  observe: z.boolean(),
  failureMode: z.enum(["closed", "local", "open"]),
});

export const limitShape = limitSettingsShape.extend({ id: z.string() });

const pricesShape = z.object({
  inputMicroUsdPerMillion: z.number(),
  cachedInputMicroUsdPerMillion: z.number().optional(),
  outputMicroUsdPerMillion: z.number(),
  cacheWriteMicroUsdPerMillion: z.number().optional(),
  cacheWriteHourMicroUsdPerMillion: z.number().optional(),
  audioInputMicroUsdPerMillion: z.number().optional(),
  imageInputMicroUsdPerMillion: z.number().optional(),
  reasoningMicroUsdPerMillion: z.number().optional(),
  audioOutputMicroUsdPerMillion: z.number().optional(),
  imageOutputMicroUsdPerMillion: z.number().optional(),
});

export const priceShape = pricesShape.extend({
  /** higher prices of calls with more input than this */
  tiers: z.array(pricesShape.extend({ aboveInputTokens: z.number() })).optional(),
});

/** All prices of a model, those of service tiers and the fees per use too. */
export const modelPriceShape = priceShape.extend({
  cachedInputMicroUsdPerMillion: z.number(),
  serviceTiers: z.record(z.string(), priceShape).optional(),
  feesMicroUsd: z.record(z.string(), z.number()).optional(),
});
