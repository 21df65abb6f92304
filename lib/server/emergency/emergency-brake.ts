import { z } from "zod";
import type { BrakeRow } from "@/db/queries/operators/brakes";
import { newBrake } from "@/lib/console/brakes/brake-input";
import { type Brake, readBrake } from "@/lib/policy/rows/brake-row";

/** More than anyone sets by hand during an outage. */
export const EMERGENCY_BRAKES_MAX = 100;

/** A brake that is not yet in the database, as file and store keep it, with all data for its row and audit rows. */
const emergencyBrake = z.object({
  version: z.literal(1),
  id: z.string().regex(/^brk_[0-9a-f]{20}$/),
  scope: newBrake.shape.scope,
  mode: newBrake.shape.mode.unwrap(),
  reason: z.string(),
  publicMessage: z.string().nullable(),
  createdBy: z.string(),
  /** the client that set it */
  address: z.string(),
  createdAtMs: z.number().int(),
  expiresAtMs: z.number().int().nullable(),
  /** null = not lifted */
  lift: z
    .object({
      by: z.string(),
      address: z.string(),
      atMs: z.number().int(),
      reason: z.string().nullable(),
      /** when the last calls pass again; null = all pass since `atMs` */
      untilMs: z.number().int().nullable(),
    })
    .nullable(),
});
export type EmergencyBrake = z.infer<typeof emergencyBrake>;

/** A brake from its JSON text; null when it is invalid. */
export function readEmergencyBrake(text: string): EmergencyBrake | null {
  try {
    return emergencyBrake.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** Its database row if it were not lifted. */
export function setRow(brake: EmergencyBrake): BrakeRow {
  const { id, scope, mode, reason, publicMessage, createdBy, createdAtMs, expiresAtMs } = brake;
  return {
    id,
    scope,
    mode,
    reason,
    publicMessage,
    createdBy,
    createdAt: new Date(createdAtMs),
    expiresAt: dateOf(expiresAtMs),
    liftedAt: null,
    liftedBy: null,
    liftReason: null,
    rampFrom: null,
  };
}

/** Its database row now. */
export function rowOf(brake: EmergencyBrake): BrakeRow {
  const row = setRow(brake);
  const { lift } = brake;
  if (lift === null) return row;
  const told = { liftedBy: lift.by, liftReason: lift.reason };
  return lift.untilMs === null
    ? { ...row, ...told, liftedAt: new Date(lift.atMs) }
    : { ...row, ...told, rampFrom: new Date(lift.atMs), expiresAt: new Date(lift.untilMs) };
}

/** The brake as calls see it; null = it is lifted. */
export function inForce(brake: EmergencyBrake): Brake | null {
  const row = rowOf(brake);
  return row.liftedAt === null ? readBrake(row).brake : null;
}

/** Merges the brakes of two places. A lift that only one of them knows counts. */
export function merged(lists: readonly (readonly EmergencyBrake[])[]): readonly EmergencyBrake[] {
  const byId = new Map<string, EmergencyBrake>();
  for (const brake of lists.flat()) if ((byId.get(brake.id)?.lift ?? null) === null) byId.set(brake.id, brake);
  return [...byId.values()];
}

function dateOf(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}
