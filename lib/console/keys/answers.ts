import { z } from "zod";
import { limitSettingsShape } from "../api/shapes";

const keyShape = z.object({
  id: z.string(),
  tenant: z.string(),
  tenantName: z.string().optional(),
  isReplaced: z.boolean().optional(),
  family: z.string(),
  name: z.string(),
  environment: z.string(),
  display: z.string(),
  status: z.string(),
  models: z.array(z.string()).nullable(),
  endpoints: z.array(z.string()).nullable(),
  ipAllow: z.array(z.string()).nullable(),
  priority: z.string(),
  bodyMbMax: z.number().nullable(),
  rotates: z.string().nullable(),
  overlapSeconds: z.number().nullable(),
  createdAt: z.string(),
  rotateEveryDays: z.number().nullable(),
  rotateAt: z.string().nullable(),
  holderMayRotate: z.boolean(),
  madeByHolder: z.boolean(),
  expiresAt: z.string().nullable(),
  lastUsedAt: z.string().nullable(),
  revokedAt: z.string().nullable(),
});

const newKeyShape = keyShape.extend({ key: z.string() });

/** Response schemas of the verbs, for the OpenAPI file and for tests that compare real responses with them. */
export const KEYS_ANSWERS = {
  listKeyLimits: z.object({ key: z.string(), limits: z.array(limitSettingsShape) }),
  putKeyLimits: z.object({ key: z.string(), limits: z.array(limitSettingsShape) }),
  readKeyUse: z.object({
    key: z.string(),
    since: z.string(),
    rows: z.array(
      z.object({
        model: z.string(),
        endpoint: z.string(),
        address: z.string(),
        calls: z.number(),
        costMicroUsd: z.number(),
        hour: z.string(),
      }),
    ),
  }),
  lastCalls: z.object({
    calls: z.array(z.object({ key: z.string(), address: z.string(), model: z.string(), at: z.string() })),
  }),
  createKey: newKeyShape,
  editKey: keyShape,
  leakedKey: keyShape,
  listKeys: z.object({ keys: z.array(keyShape), next: z.string().nullable() }),
  revokeKey: keyShape,
  rotateKey: newKeyShape,
};
