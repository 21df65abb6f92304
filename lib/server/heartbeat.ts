import type { Database } from "@/db/client";
import { beat, countInstances, leave, type Vitals } from "@/db/queries/fleet/instances";
import type { CurrentPolicy } from "@/lib/policy/snapshot/current-policy";

export type Heartbeat = {
  /** Writes that this process is alive and which policy it enforces. */
  beat(): Promise<void>;
  /** Writes that this process ends. Never rejects. */
  leave(): Promise<void>;
};

/** How processes on one database see each other. A newly enforced policy is announced at once. */
export function makeHeartbeat(input: {
  db: Database;
  instanceId: string;
  policy: CurrentPolicy;
  vitals: () => Omit<Vitals, "policyVersion">;
  /** The number of processes alive, this one included. While the database is away the last number stays. */
  onAlive: (alive: number) => void;
}): Heartbeat {
  const { db, instanceId, policy, vitals, onAlive } = input;
  const tell = (policyVersion: number) => beat(db, instanceId, { policyVersion, ...vitals() });
  // Operators see how many processes enforce an edit or a brake.
  policy.onChange((snapshot) => void tell(snapshot.version).catch(() => undefined));
  return {
    beat: async () => {
      await tell(policy.snapshot.version);
      onAlive((await countInstances(db, policy.snapshot.version)).alive);
    },
    leave: () => leave(db, instanceId).catch(() => undefined),
  };
}
