import type { Database } from "@/db/client";
import { beat, leave } from "@/db/queries/instances";
import type { Log } from "@/lib/log";
import type { CurrentPolicy, Snapshot } from "@/lib/policy/current";

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
  log: Log;
}): () => Promise<void> {
  const { db, instanceId, policy, publish, log } = input;
  let isDown = false;
  const once = async () => {
    try {
      await beat(db, instanceId, policy.snapshot.version);
      await publish(policy.snapshot);
      isDown = false;
    } catch (error) {
      if (!isDown) log.warn({ err: error }, "heartbeat not recorded");
      isDown = true;
    }
  };
  void once();
  const timer = setInterval(once, EVERY_MS).unref();
  return async () => {
    clearInterval(timer);
    await leave(db, instanceId).catch(() => undefined);
  };
}
