import type { Database } from "@/db/client";
import { beat, countInstances, leave, type Vitals } from "@/db/queries/fleet/instances";
import type { Log } from "@/lib/log";
import type { CurrentPolicy } from "@/lib/policy/snapshot/current";
import type { Snapshot } from "@/lib/policy/snapshot/snapshot";

const EVERY_MS = 1000;

/**
 * Tells the others once a second that this process lives and which policy it enforces, and the store which policy is
 * the newest: a store that was flushed, or was away while something changed, learns it here. Returns how to stop.
 */
export function startHeartbeat(input: {
  db: Database;
  instanceId: string;
  policy: CurrentPolicy;
  publish: (snapshot: Snapshot) => Promise<void>;
  vitals: () => Omit<Vitals, "policyVersion">;
  /** How many processes are alive, this one included. While the database is away the last number stands. */
  onAlive: (alive: number) => void;
  log: Log;
}): () => Promise<void> {
  const { db, instanceId, policy, publish, vitals, onAlive, log } = input;
  const tell = (policyVersion: number) => beat(db, instanceId, { policyVersion, ...vitals() });
  let isDown = false;
  const once = async () => {
    try {
      await tell(policy.snapshot.version);
      onAlive((await countInstances(db, policy.snapshot.version)).alive);
      await publish(policy.snapshot);
      isDown = false;
    } catch (error) {
      if (!isDown) log.warn({ err: error }, "heartbeat not recorded");
      isDown = true;
    }
  };
  // What has just been taken up is told at once: operators watch how far an edit or a brake has come.
  policy.onChange((snapshot) => void tell(snapshot.version).catch(() => undefined));
  void once();
  const timer = setInterval(once, EVERY_MS).unref();
  return async () => {
    clearInterval(timer);
    await leave(db, instanceId).catch(() => undefined);
  };
}
