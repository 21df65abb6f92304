import { z } from "zod";

const channelShape = z.object({
  secret: z.string().optional(),
  id: z.string(),
  name: z.string(),
  kind: z.string(),
  leadsTo: z.string(),
  enabled: z.boolean(),
});

const ruleShape = z.object({
  id: z.string(),
  name: z.string(),
  watch: z.record(z.string(), z.unknown()),
  severity: z.string(),
  channels: z.array(z.string()),
  enabled: z.boolean(),
  brake: z.object({ mode: z.enum(["block", "cut", "degrade", "drain"]), minutes: z.number() }).nullable(),
  muted: z.object({ until: z.string(), reason: z.string().nullable() }).nullable(),
});

/** Response schemas of the verbs, for the OpenAPI file and for tests that compare real responses with them. */
export const ALERTS_ANSWERS = {
  finishWish: z.object({ id: z.string() }),
  listWishes: z.object({
    wishes: z.array(
      z.object({
        id: z.string(),
        tenant: z.string(),
        tenantName: z.string(),
        keyId: z.string(),
        keyName: z.string(),
        user: z.string(),
        wish: z.string(),
        at: z.string(),
        doneAt: z.string().nullable(),
        doneBy: z.string().nullable(),
      }),
    ),
  }),
  createChannel: channelShape,
  editChannel: channelShape,
  restoreChannel: channelShape,
  createRule: ruleShape,
  editRule: ruleShape,
  restoreRule: ruleShape,
  listAlerts: z.object({
    alerts: z.array(
      z.object({
        id: z.string(),
        rule: z.string(),
        title: z.string(),
        severity: z.string(),
        detail: z.record(z.string(), z.unknown()),
        startedAt: z.string(),
        endedAt: z.string().nullable(),
      }),
    ),
    next: z.string().nullable(),
  }),
  listChannels: z.object({
    channels: z.array(
      z.object({ id: z.string(), name: z.string(), kind: z.string(), leadsTo: z.string(), enabled: z.boolean() }),
    ),
  }),
  listDeliveries: z.object({
    deliveries: z.array(
      z.object({
        seq: z.number(),
        id: z.string(),
        channel: z.string(),
        attempts: z.number(),
        lastError: z.string().nullable(),
        message: z.record(z.string(), z.unknown()),
        status: z.string(),
        nextAt: z.string().nullable(),
        deliveredAt: z.string().nullable(),
        createdAt: z.string(),
      }),
    ),
    next: z.number().nullable(),
  }),
  listRules: z.object({ rules: z.array(ruleShape) }),
  mute: ruleShape,
  removeChannel: z.object({ removed: z.string() }),
  removeRule: z.object({ removed: z.string() }),
  testChannel: z.object({ delivery: z.string() }),
};
