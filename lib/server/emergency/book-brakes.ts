import { insertBrake, liftBrake, liftersOf } from "@/db/queries/operators/brakes";
import { shownBrake } from "@/lib/console/brakes/brake-view";
import { change } from "@/lib/console/kernel/change";
import type { Actor, ConsoleContext } from "@/lib/console/kernel/context";
import { eachAlone } from "@/lib/each-alone";
import { type EmergencyBrake, rowOf, setRow } from "./emergency-brake";
import type { EmergencyBrakes } from "./emergency-brakes";

/**
 * Writes brakes that were set while the database was away, with their audit rows, under their own names and times. Any
 * process with a console may do it for any other, because existing rows are not written again.
 */
export async function bookBrakes(context: ConsoleContext, emergency: EmergencyBrakes): Promise<void> {
  await eachAlone(emergency.held, async (brake) => {
    await bookOne(context, brake);
    emergency.forget(brake);
  });
}

async function bookOne(context: ConsoleContext, brake: EmergencyBrake): Promise<void> {
  const { id, reason, lift } = brake;
  const known = await liftersOf(context.db, [id]);
  const now = context.clock.now();
  if (!known.has(id)) {
    await change(context, actorOf(brake.createdBy, brake.address), async (tx) => {
      const row = await insertBrake(tx, setRow(brake));
      return {
        result: null,
        change: { action: "brakes.set", target: id, before: null, after: late(row, now), reason },
      };
    });
  }
  if (lift === null || (known.get(id) ?? null) !== null) return;
  await change(context, actorOf(lift.by, lift.address), async (tx) => {
    const by = { by: lift.by, at: new Date(lift.atMs), reason: lift.reason };
    const row =
      (await liftBrake(tx, id, by, rowOf(brake).rampFrom === null ? null : rowOf(brake).expiresAt)) ?? rowOf(brake);
    const told = { action: "brakes.lift", target: id, before: null, after: late(row, now), reason: lift.reason };
    return { result: null, change: told };
  });
}

function late(row: Parameters<typeof shownBrake>[0], now: number) {
  return { ...shownBrake(row, now), whileDatabaseAway: true };
}

function actorOf(name: string, address: string): Actor {
  return { name, role: "admin", tenants: null, address, session: null };
}
