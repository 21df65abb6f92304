import path from "node:path";
import type { CurrentPolicy } from "@/lib/policy/snapshot/current-policy";
import type { Installation } from "../boot/installation";
import { bookedBrakes } from "./booked-brakes";
import type { BrakeBoard } from "./brake-board";
import { BrakeFolder } from "./brake-folder";
import { EmergencyBrakes } from "./emergency-brakes";
import { type EmergencyDoor, makeEmergencyDoor } from "./emergency-door";

type Parts = {
  readonly policy: CurrentPolicy;
  readonly board: BrakeBoard | null;
  readonly health: { readonly isDatabaseAway: boolean };
};

/** A process's brakes that the database lacks. Nothing is read yet. */
export function emergencyOf({ env, db, log }: Installation, { policy, board, health }: Parts): EmergencyBrakes {
  return new EmergencyBrakes({
    folder: new BrakeFolder(path.join(env.dataDir, "brakes"), log),
    board,
    policy,
    isDatabaseAway: () => health.isDatabaseAway,
    bookedOf: (brakes) => bookedBrakes(db, brakes),
    log,
  });
}

/** Serves brakes at a process that serves calls. `isNeeded`: the usual way to set a brake is gone. */
export function emergencyDoorOf(
  { env, secrets, clock, log }: Installation,
  { policy, brakes, isNeeded }: { policy: CurrentPolicy; brakes: EmergencyBrakes; isNeeded: () => Promise<boolean> },
): EmergencyDoor {
  const tokens = { operatorToken: secrets.operatorToken, earlierOperatorTokens: env.earlierOperatorTokens };
  return makeEmergencyDoor({ brakes, policy, clock, log, tokens, isNeeded });
}
