import { describe, expect, test } from "vitest";
import { plan } from "@/lib/limits/plan";
import { NO_AMOUNTS } from "@/lib/limits/rules/dimensions";
import type { Admission } from "../admission";
import { LEASE_MS, limit, REST, setUp, TENANT, tokens } from "./fixture.suite";

/** What every implementation of the port does for running calls: leases, heartbeats, and who settles for a dead owner. */
export function runningSuite(name: string, make: (clock: { now(): number }) => Promise<Admission>): void {
  describe(`running calls: ${name}`, () => {
    test("a lease is held until it is settled, prolonged by a heartbeat, and runs out without one", async () => {
      const { clock, store, admit } = await setUp(make);
      const limits = [limit("tenant", 2, { algorithm: "concurrency" })];
      const one = { ...NO_AMOUNTS, concurrency: 1 };
      expect((await admit(limits, one, "a")).kind).toBe("admit");
      expect((await admit(limits, one, "b")).kind).toBe("admit");
      expect(await admit(limits, one, "c")).toMatchObject({ kind: "deny", retryAfterMs: 1000 });
      await store.settle({ tenantId: TENANT, requestId: "a", actual: NO_AMOUNTS });
      expect((await admit(limits, one, "d")).kind).toBe("admit");
      clock.at += LEASE_MS - 1;
      expect(await store.heartbeat({ tenantId: TENANT, requestId: "d", leaseMs: LEASE_MS, note: "" })).toBe("held");
      clock.at += 1;
      expect(await reapIds(store)).toEqual(["b"]);
      expect(await reapIds(store)).toEqual([]);
      expect(await store.heartbeat({ tenantId: TENANT, requestId: "b", leaseMs: LEASE_MS, note: "" })).toBe("gone");
      expect((await admit(limits, one, "e")).kind).toBe("admit");
      expect((await admit(limits, one, "f")).kind).toBe("deny");
    });

    test("a reaped call can still be settled, once", async () => {
      const { clock, store, tell, admit } = await setUp(make);
      const limits = [limit("tenant", 10, { algorithm: "fixed_window" })];
      await admit(limits, 8, "r1");
      clock.at += LEASE_MS;
      expect(await reapIds(store)).toEqual(["r1"]);
      expect(await store.settle({ tenantId: TENANT, requestId: "r1", actual: tokens(2) })).toBe("settled");
      expect((await tell(limits))[0]?.used).toBe(2);
    });

    test("a call whose owner died is handed out with what it left, again if it is not settled, and never after", async () => {
      const { clock, store, admit } = await setUp(make);
      await admit([limit("tenant", 10)], 8, "r1", { intent: "who and what" });
      await store.heartbeat({ tenantId: TENANT, requestId: "r1", leaseMs: LEASE_MS, note: "so far" });
      clock.at += LEASE_MS;
      const dead = { requestId: "r1", planIndex: 0, tenantId: TENANT, intent: "who and what", note: "so far" };
      const reap = () => store.reap({ tenantIds: [TENANT, "other"], leaseMs: LEASE_MS });
      expect(await reap()).toEqual([dead]);
      expect(await reap()).toEqual([]);
      clock.at += LEASE_MS;
      expect(await reap()).toEqual([dead]);
      await store.settle({ tenantId: TENANT, requestId: "r1", actual: tokens(1) });
      clock.at += LEASE_MS;
      expect(await reap()).toEqual([]);
    });

    test("running calls are listed with their note and the plan they were admitted with; settled ones are not", async () => {
      const { store } = await setUp(make);
      const plans = [
        plan({ candidate: "too large", limits: [limit("tenant", 10)], amounts: tokens(11) }),
        plan({ candidate: "fits", limits: [limit("tenant", 10)], amounts: tokens(4) }),
      ];
      await store.admit({ requestId: "a", plans, ...REST, leaseMs: LEASE_MS, intent: "erste, mit Ümläut" });
      await store.admit({
        requestId: "b",
        plans: plans.slice(1),
        ...REST,
        leaseMs: LEASE_MS,
        intent: "second|with|bars",
      });
      const told = async () =>
        [...(await store.running(TENANT))].sort((left, right) => left.planIndex - right.planIndex);
      expect(await told()).toEqual([
        { intent: "second|with|bars", planIndex: 0 },
        { intent: "erste, mit Ümläut", planIndex: 1 },
      ]);
      expect(await store.running("nobody")).toEqual([]);
      await store.settle({ tenantId: TENANT, requestId: "a", actual: tokens(1) });
      expect(await told()).toEqual([{ intent: "second|with|bars", planIndex: 0 }]);
    });

    test("a call without a concurrency check takes no lease", async () => {
      const { tell, admit } = await setUp(make);
      const slots = limit("tenant", 2, { algorithm: "concurrency" });
      await admit([limit("tenant", 10), slots], { ...NO_AMOUNTS, total_tokens: 1 });
      expect((await tell([slots]))[0]?.used).toBe(0);
    });

    test("a lease that only another plan takes is not taken", async () => {
      const { store, tell } = await setUp(make);
      const lease = limit("tenant", 5, { algorithm: "concurrency" });
      const free = { candidate: "free", limits: [limit("user", 10)], amounts: tokens(1) };
      const leased = { candidate: "leased", limits: [lease], amounts: { ...NO_AMOUNTS, concurrency: 1 } };
      const plans = [plan(free), plan(leased)];
      const reply = await store.admit({ requestId: "r", plans, ...REST, leaseMs: LEASE_MS });
      expect(reply).toMatchObject({ kind: "admit", planIndex: 0 });
      expect((await tell([lease]))[0]?.used).toBe(0);
    });
  });
}

async function reapIds(store: Admission): Promise<string[]> {
  return (await store.reap({ tenantIds: [TENANT], leaseMs: LEASE_MS })).map((orphan) => orphan.requestId);
}
