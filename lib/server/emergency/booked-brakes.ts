import type { Database } from "@/db/client";
import { liftersOf } from "@/db/queries/operators/brakes";
import type { EmergencyBrake } from "./emergency-brake";

/** The ones of these brakes that are in the database, with their lifts. */
export async function bookedBrakes(db: Database, brakes: readonly EmergencyBrake[]): Promise<readonly string[]> {
  const known = await liftersOf(
    db,
    brakes.map(({ id }) => id),
  );
  return brakes.flatMap(({ id, lift }) => (known.has(id) && (lift === null || known.get(id) !== null) ? [id] : []));
}
