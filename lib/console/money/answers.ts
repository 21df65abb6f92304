import { z } from "zod";
import { BUDGET_ACTIONS } from "@/lib/policy/budget";
import { FAULT_EFFECTS } from "@/lib/policy/snapshot/snapshot";
import { modelPriceShape, paceShape } from "../api/shapes";

const thresholdShape = z.object({ percent: z.number(), action: z.enum(BUDGET_ACTIONS), passed: z.string().nullable() });

const moverShape = z.object({
  kind: z.enum(["all", "key", "model", "user"]),
  subject: z.string(),
  spentMicroUsd: z.number(),
  name: z.string(),
});

const burnShape = z.object({
  burnMicroUsdPerHour: z.number(),
  exhaustedAt: z.string().nullable(),
  exhaustedPace: paceShape.nullable(),
  refusedLately: z.number(),
  isRefusing: z.boolean(),
  movers: z.array(moverShape),
});

const subjectSpendShape = z.object({
  subject: z.string(),
  name: z.string(),
  bookedMicroUsd: z.number(),
  calls: z.number(),
  usedMicroUsd: z.number(),
  leftMicroUsd: z.number(),
});

const budgetShape = z.object({
  id: z.string(),
  slug: z.string(),
  level: z.enum(["agent", "feature", "global", "key", "model", "session", "tag", "tenant", "user"]),
  tenant: z.string().nullable(),
  tenantName: z.string().nullable(),
  target: z.string().nullable(),
  period: z.enum(["day", "month", "rolling", "week"]),
  windowSeconds: z.number().nullable(),
  timeZone: z.string(),
  version: z.number(),
  now: z.string(),
  amountMicroUsd: z.number(),
  carryOver: z.boolean(),
  carriedMicroUsd: z.number(),
  raise: z.object({ microUsd: z.number(), until: z.string() }).nullable(),
  inForceMicroUsd: z.number(),
  refusedFromMicroUsd: z.number().nullable(),
  periodStart: z.string(),
  periodEnd: z.string().nullable(),
  thresholds: z.array(thresholdShape),
  spenders: z.array(subjectSpendShape),
  nearest: subjectSpendShape.nullable(),
  forecast: burnShape,
});

const sums = {
  calls: z.number(),
  inputTokens: z.number(),
  cachedInputTokens: z.number(),
  outputTokens: z.number(),
  costMicroUsd: z.number(),
};
const usageShape = z.object({
  bucket: z.string().nullable(),
  subject: z.string(),
  name: z.string(),
  displayName: z.string().optional(),
  merged: z.number().optional(),
  ...sums,
  broken: z.number(),
  degraded: z.number(),
});
const statementLines = z.array(z.object({ subject: z.string(), name: z.string(), ...sums }));

/** Response schemas of the verbs, for the OpenAPI file and for tests that compare real responses with them. */
export const MONEY_ANSWERS = {
  createBudget: budgetShape,
  editBudget: budgetShape,
  listBudgetEvents: z.object({
    events: z.array(
      z.object({
        at: z.string(),
        periodStart: z.string(),
        action: z.string(),
        amountMicroUsd: z.number(),
        budgetId: z.string(),
        percent: z.number(),
        seen: z.boolean(),
        seq: z.number(),
        spentMicroUsd: z.number(),
        subject: z.string(),
      }),
    ),
  }),
  listBudgets: z.object({ budgets: z.array(budgetShape) }),
  raiseBudget: budgetShape,
  restoreBudget: budgetShape,
  removeBudget: z.object({ removed: z.string() }),
  addPrice: modelPriceShape.extend({
    model: z.string(),
    source: z.string(),
    validFrom: z.string(),
  }),
  listPrices: z.object({
    prices: z.array(
      modelPriceShape.extend({
        id: z.number(),
        source: z.string(),
        model: z.string(),
        validFrom: z.string(),
        state: z.string(),
      }),
    ),
  }),
  priceCoverage: z.object({
    since: z.string(),
    models: z.array(
      z.object({
        model: z.string(),
        provider: z.string(),
        enabled: z.boolean(),
        calls: z.number(),
        costMicroUsd: z.number(),
        pricedSince: z.string().nullable(),
        fault: z.enum(["no price", "costs nothing", "differs from the list price"]).nullable(),
      }),
    ),
    refusedForWantOfPrice: z.number(),
    callsThatCostNothing: z.number(),
  }),
  importUsage: z.object({
    lines: z.number(),
    days: z.number(),
    firstDay: z.string(),
    lastDay: z.string(),
    provider: z.string(),
  }),
  readCounters: z.object({
    tenant: z.string(),
    counters: z.array(
      z.object({
        tenant: z.string(),
        limit: z.string(),
        usedMicroUsd: z.number(),
        reservedMicroUsd: z.number(),
        bookedMicroUsd: z.number(),
        driftMicroUsd: z.number(),
      }),
    ),
  }),
  readReconciliation: z.object({
    provider: z.string(),
    rows: z.array(
      z.object({
        day: z.string(),
        model: z.string(),
        bookedCalls: z.number(),
        billedCalls: z.number().nullable(),
        bookedInputTokens: z.number(),
        billedInputTokens: z.number().nullable(),
        bookedOutputTokens: z.number(),
        billedOutputTokens: z.number().nullable(),
        bookedMicroUsd: z.number(),
        billedMicroUsd: z.number().nullable(),
        driftMicroUsd: z.number().nullable(),
      }),
    ),
  }),
  repairCounter: z.object({
    tenant: z.string(),
    limit: z.string(),
    reservedMicroUsd: z.number(),
    bookedMicroUsd: z.number(),
    usedMicroUsd: z.number(),
    driftMicroUsd: z.number(),
  }),
  listInstances: z.object({
    policyVersion: z.number(),
    policyFaults: z.array(z.object({ tenant: z.string().nullable(), text: z.string(), effect: z.enum(FAULT_EFFECTS) })),
    instances: z.array(
      z.object({
        id: z.string(),
        policyVersion: z.number(),
        current: z.boolean(),
        alive: z.boolean(),
        tookMs: z.number().nullable(),
        release: z.string(),
        openCalls: z.number(),
        decisionP95Ms: z.number().nullable(),
        isStoreAway: z.boolean(),
        startedAt: z.string(),
        seenAt: z.string(),
        policyAt: z.string(),
      }),
    ),
  }),
  listUsers: z.object({
    users: z.array(
      z.object({ name: z.string(), calls: z.number(), costMicroUsd: z.number(), firstSeenAt: z.string() }),
    ),
    next: z.string().nullable(),
  }),
  readRefusals: z.object({
    since: z.string(),
    rows: z.array(
      z.object({
        code: z.string(),
        layer: z.string(),
        dimension: z.string(),
        limitName: z.string(),
        count: z.number(),
        tenant: z.string(),
        lastMinute: z.string(),
      }),
    ),
  }),
  readUsage: z.object({
    grain: z.enum(["day", "hour", "minute"]),
    from: z.string(),
    to: z.string(),
    rows: z.array(usageShape),
    totals: z.array(usageShape).optional(),
  }),
  readStatement: z.object({
    tenant: z.string(),
    name: z.string(),
    month: z.string(),
    zone: z.string(),
    from: z.string(),
    to: z.string(),
    isOver: z.boolean(),
    total: z.object(sums),
    byModel: statementLines,
    byFeature: statementLines,
    byKey: statementLines,
    byDay: statementLines,
  }),
};
