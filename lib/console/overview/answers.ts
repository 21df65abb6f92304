import { z } from "zod";
import { paceShape, storedBrakeShape } from "../api/shapes";
import { ROLES } from "../kernel/can.shared";

const measuresShape = z.object({
  calls: z.number(),
  tokens: z.number(),
  costMicroUsd: z.number(),
  refused: z.number(),
});

const moverShape = z.object({ slug: z.string(), name: z.string(), now: z.number(), before: z.number() });

/** Response schemas of the verbs, for the OpenAPI file and for tests that check real responses. */
export const OVERVIEW_ANSWERS = {
  /** server-sent events */
  streamLive: null,
  overview: z.object({
    at: z.string(),
    policyVersion: z.number(),
    instances: z.object({
      alive: z.number(),
      current: z.number(),
      storeAway: z.number(),
      storeAwayAt: z.string().nullable(),
    }),
    cards: z.object({
      callsPerMinute: z.number(),
      inputTokensPerMinute: z.number(),
      outputTokensPerMinute: z.number(),
      refusedPerMinute: z.number(),
      spendPerMinuteMicroUsd: z.number(),
      openCalls: z.number(),
      decisionP95Ms: z.number().nullable(),
      spendTodayMicroUsd: z.number(),
      callsToday: z.number(),
    }),
    chart: z.array(
      z.object({
        minute: z.string(),
        admitted: z.number(),
        limited: z.number(),
        budget: z.number(),
        stopped: z.number(),
        other: z.number(),
        inputTokens: z.number(),
        outputTokens: z.number(),
        costMicroUsd: z.number(),
      }),
    ),
    refused: z.array(z.object({ layer: z.string(), dimension: z.string(), code: z.string(), lastHour: z.number() })),
    tenants: z.array(
      z.object({
        slug: z.string(),
        name: z.string(),
        tier: z.string(),
        status: z.string(),
        binding: z
          .object({
            name: z.string(),
            dimension: z.string(),
            used: z.number(),
            limit: z.number(),
            remaining: z.number(),
            resetAt: z.string().nullable(),
            exhaustedAt: z.string().nullable(),
            exhaustedPace: paceShape.nullable(),
          })
          .nullable(),
        callsPerMinute: z.number(),
        refusedPerMinute: z.number(),
        refusedShare: z.number(),
        refusedBy: z.string().nullable(),
        refusedSince: z.string().nullable(),
        isRefusing: z.boolean(),
        spendPerMinuteMicroUsd: z.number(),
        brakeId: z.string().nullable(),
      }),
    ),
    tenantsTotal: z.number(),
    brakes: z.array(storedBrakeShape),
    openAlerts: z.object({
      open: z.number(),
      critical: z.number(),
      oldestAt: z.string().nullable(),
      wishes: z.number(),
    }),
    changes: z.array(z.object({ at: z.string(), actor: z.string(), change: z.string() })),
  }),
  hourBefore: z.object({ from: z.string(), callsPerMinute: z.array(z.number()) }),
  movers: z.object({
    from: z.string(),
    to: z.string(),
    totals: z.object({ now: measuresShape, before: measuresShape }),
    movers: z.object({
      calls: z.array(moverShape),
      tokens: z.array(moverShape),
      costMicroUsd: z.array(moverShape),
      refused: z.array(moverShape),
    }),
    trends: z.array(z.object({ slug: z.string(), callsPerMinute: z.array(z.number()) })),
  }),
  readSettings: z.object({
    installation: z.object({
      release: z.string(),
      store: z.enum(["redis", "upstash", "memory"]),
      ledgerDays: z.number(),
      leaseSeconds: z.number(),
      expectedInstances: z.number(),
      oidcName: z.string().nullable(),
      oidcGroups: z
        .object({
          claim: z.string(),
          roles: z.array(z.object({ group: z.string(), role: z.enum(ROLES) })),
          otherwise: z.enum(ROLES).nullable(),
          tenants: z
            .array(z.object({ group: z.string(), tenants: z.union([z.literal("*"), z.array(z.string())]) }))
            .nullable(),
        })
        .nullable(),
    }),
    publicUrl: z.string(),
    failureModes: z.array(z.object({ mode: z.string(), limits: z.number() })),
  }),
};
