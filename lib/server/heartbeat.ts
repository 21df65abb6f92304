import type { Database } from "@/db/client";
import { beat, countInstances, leave, type Vitals } from "@/db/queries/fleet/instances";
import type { CurrentPolicy } from "@/lib/policy/snapshot/current-policy";

export type Heartbeat = {
  /** Tells the others that this process lives and which policy it enforces. */
  beat(): Promise<void>;
  /** Tells the others that it ends. Never rejects. */
  leave(): Promise<void>;
};

/** How processes on one database know of each other. A newly enforced policy is announced at once. */
export function makeHeartbeat(input: {
  db: Database;
  instanceId: string;
  policy: CurrentPolicy;
  vitals: () => Omit<Vitals, "policyVersion">;
  /** How many processes are alive, this one included. While the database is away the last number stands. */
  onAlive: (alive: number) => void;
}): Heartbeat {
  const { db, instanceId, policy, vitals, onAlive } = input;
  const tell = (policyVersion: number) => beat(db, instanceId, { policyVersion, ...vitals() });
  // Operators watch how far an edit or a brake has come.
  policy.onChange((snapshot) => void tell(snapshot.version).catch(() => undefined));
  return {
    beat: async () => {
      await tell(policy.snapshot.version);
      onAlive((await countInstances(db, policy.snapshot.version)).alive);
    },
    leave: () => leave(db, instanceId).catch(() => undefined),
  };
}
