import type { Admission } from "@/lib/admission/admission";
import type { Log } from "@/lib/log";
import type { CurrentPolicy } from "@/lib/policy/snapshot/current-policy";
import type { Snapshot } from "@/lib/policy/snapshot/snapshot";
import type { Counters } from "../store/counters";
import type { OlderDatabase } from "../store/older-database";

type Needs<One> = {
  log: Log;
  policy: Pick<CurrentPolicy, "refresh">;
  store: Pick<Counters, "needsFilling" | "filled"> & { readonly admission: Pick<Admission, "publish"> };
  refill: { readonly count: number; fill(snapshot: One, tenantIds?: readonly string[]): Promise<number> };
  older: Pick<OlderDatabase, "overtake">;
};

type Published = Pick<Snapshot, "version"> & { readonly tenants: ReadonlyMap<string, unknown> };

/** Publishes the newest policy to the store, and refills a store that lost its counters. */
export function publisher<One extends Published>(needs: Needs<One>): (snapshot: One) => Promise<void> {
  const { log, policy, store, refill, older } = needs;
  const published = new Set<string>();
  return onceAtATime(async (snapshot: One) => {
    const { version } = snapshot;
    const before = refill.count;
    const ids = [...snapshot.tenants.keys()];
    // At its start a process does not know which tenants the store should know.
    const added = published.size === 0 ? [] : ids.filter((id) => !published.has(id));
    try {
      const known = added.length === 0 ? ids : ids.filter((id) => published.has(id));
      const newest = await store.admission.publish(version, known, (tenantIds) => refill.fill(snapshot, tenantIds));
      if (store.needsFilling() && refill.count === before) await refill.fill(snapshot);
      store.filled();
      // Last, as a store that was emptied is filled by now. It does not know these tenants, and has lost nothing of them.
      const newestOfAdded = added.length === 0 ? 0 : await store.admission.publish(version, added);
      for (const id of ids) published.add(id);
      if (await older.overtake({ published: Math.max(newest, newestOfAdded), own: version })) await policy.refresh();
    } catch (error) {
      // Other processes read it from the database within a second. The next heartbeat publishes it again.
      log.warn({ err: error }, "could not publish the new policy to the store");
    }
  });
}

/** A version that is being published is not published twice. No caller waits for an older version. */
function onceAtATime<One extends Published>(work: (snapshot: One) => Promise<void>): (snapshot: One) => Promise<void> {
  const running = new Map<number, Promise<void>>();
  return (snapshot) => {
    const { version } = snapshot;
    const known = running.get(version) ?? work(snapshot).finally(() => running.delete(version));
    running.set(version, known);
    return known;
  };
}
