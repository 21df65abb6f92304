import type { Log } from "@/lib/log";
import type { CurrentPolicy } from "@/lib/policy/snapshot/current-policy";
import type { Snapshot } from "@/lib/policy/snapshot/snapshot";
import type { Counters } from "../store/counters";
import type { OlderDatabase } from "../store/older-database";
import type { Refill } from "../store/refill";

/** Publishes the newest policy to the store, and refills a store that lost its counters. */
export function publisher(input: {
  log: Log;
  policy: CurrentPolicy;
  store: Counters;
  refill: Refill;
  older: OlderDatabase;
}): (snapshot: Snapshot) => Promise<void> {
  const { log, policy, store, refill, older } = input;
  return onceAtATime(async (snapshot: Snapshot) => {
    const before = refill.count;
    try {
      const fill = (tenantIds: readonly string[]) => refill.fill(snapshot, tenantIds);
      const newest = await store.admission.publish(snapshot.version, [...snapshot.tenants.keys()], fill);
      if (store.needsFilling() && refill.count === before) await refill.fill(snapshot);
      store.filled();
      if (await older.overtake({ published: newest, own: snapshot.version })) await policy.refresh();
    } catch (error) {
      // Other processes read it from the database within a second. The next heartbeat publishes it again.
      log.warn({ err: error }, "could not publish the new policy to the store");
    }
  });
}

/** A version that is being published is not published twice. No caller waits for an older version. */
function onceAtATime(work: (snapshot: Snapshot) => Promise<void>): (snapshot: Snapshot) => Promise<void> {
  const running = new Map<number, Promise<void>>();
  return (snapshot) => {
    const { version } = snapshot;
    const known = running.get(version) ?? work(snapshot).finally(() => running.delete(version));
    running.set(version, known);
    return known;
  };
}
