import { z } from "zod";
import type { BrakeRow } from "@/db/queries/operators/brakes";
import { newBrake } from "@/lib/console/brakes/brake-input";
import { type Brake, readBrake } from "@/lib/policy/rows/brake-row";

/** More than anybody sets by hand during an outage. */
export const EMERGENCY_BRAKES_MAX = 100;

/** A brake that the database does not have yet, as a file and the store keep it: all that its row and its audit rows need. */
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
  /** null = nobody has lifted it */
  lift: z
    .object({
      by: z.string(),
      address: z.string(),
      atMs: z.number().int(),
      reason: z.string().nullable(),
      /** when the last calls pass again; null = all of them since `atMs` */
      untilMs: z.number().int().nullable(),
    })
    .nullable(),
});
export type EmergencyBrake = z.infer<typeof emergencyBrake>;

/** A brake from its JSON text; null when it is none. */
export function readEmergencyBrake(text: string): EmergencyBrake | null {
  try {
    return emergencyBrake.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** As it would stand in the database had nobody lifted it. */
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

/** As it would stand in the database now. */
export function rowOf(brake: EmergencyBrake): BrakeRow {
  const row = setRow(brake);
  const { lift } = brake;
  if (lift === null) return row;
  const told = { liftedBy: lift.by, liftReason: lift.reason };
  return lift.untilMs === null
    ? { ...row, ...told, liftedAt: new Date(lift.atMs) }
    : { ...row, ...told, rampFrom: new Date(lift.atMs), expiresAt: new Date(lift.untilMs) };
}

/** As calls meet it; null = it has been lifted. */
export function inForce(brake: EmergencyBrake): Brake | null {
  const row = rowOf(brake);
  return row.liftedAt === null ? readBrake(row).brake : null;
}

/** What two places know of the same brakes, as one: a lift that only one of them knows holds. */
export function merged(lists: readonly (readonly EmergencyBrake[])[]): readonly EmergencyBrake[] {
  const byId = new Map<string, EmergencyBrake>();
  for (const brake of lists.flat()) if ((byId.get(brake.id)?.lift ?? null) === null) byId.set(brake.id, brake);
  return [...byId.values()];
}

function dateOf(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}
