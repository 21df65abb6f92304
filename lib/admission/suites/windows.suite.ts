import { describe, expect, test } from "vitest";
import { plan } from "@/lib/limits/plan";
import { NEVER } from "@/lib/limits/slot";
import type { Admission } from "../admission";
import { LEASE_MS, limit, REST, START, setUp, TENANT, tokens } from "./fixture.suite";

/** How windows, buckets, changed limits and newer policies count, in every implementation of the admission port. */
export function windowsSuite(name: string, make: (clock: { now(): number }) => Promise<Admission>): void {
  describe(`windows and changes: ${name}`, () => {
    test("nothing is admitted under an older policy than was published, and a newer one is learnt", async () => {
      const { store, tell, admit } = await setUp(make);
      const limits = [limit("tenant", 10)];
      await store.publish(5, [TENANT]);
      expect((await admit(limits, 1, "v4", { policyVersion: 4 })).kind).toBe("stale");
      expect((await tell(limits))[0]?.used).toBe(0);
      expect((await admit(limits, 1, "v5", { policyVersion: 5 })).kind).toBe("admit");
      expect((await admit(limits, 1, "v7", { policyVersion: 7 })).kind).toBe("admit");
      expect((await admit(limits, 1, "v6", { policyVersion: 6 })).kind).toBe("stale");
      expect(await store.publish(6, [TENANT])).toBe(7);
      expect(await store.publish(8, [TENANT])).toBe(8);
      expect((await admit(limits, 1, "v6b", { policyVersion: 6 })).kind).toBe("stale");
    });

    test("what is known from elsewhere lifts a counter, never lowers it, and counts like calls", async () => {
      const { store, tell, admit } = await setUp(make);
      const limits = [
        limit("tenant", 100, { algorithm: "fixed_window" }),
        limit("user", 100, { algorithm: "sliding_window" }),
      ];
      await admit(limits, 10);
      const used = async () => (await tell(limits)).map((state) => state.used);
      const raise = (amount: number) => store.raise(limits.map((one) => ({ limit: one, used: amount, usedBefore: 0 })));
      await raise(5);
      expect(await used()).toEqual([10, 10]);
      await raise(95);
      await raise(95);
      expect(await used()).toEqual([95, 95]);
      expect((await admit(limits, 6)).kind).toBe("deny");
      expect((await admit(limits, 5)).kind).toBe("admit");
    });

    test("a sliding window gives back all that calls did not use, though one of them came with a clock that is behind", async () => {
      const { clock, store, tell, admit } = await setUp(make);
      const limits = [limit("tenant", 100, { algorithm: "sliding_window" })];
      for (const [id, ms] of [
        ["first", 10],
        ["second", 12],
        ["late", 9],
      ] as const) {
        clock.at = START + ms;
        expect((await admit(limits, 30, id)).kind).toBe("admit");
      }
      clock.at = START + 20;
      for (const requestId of ["late", "first", "second"]) {
        await store.settle({ tenantId: TENANT, requestId, actual: tokens(2) });
      }
      expect((await tell(limits))[0]).toMatchObject({ used: 6, remaining: 94 });
    });

    test("a store that is filled again admits under nothing older than the newest policy", async () => {
      const store = await make({ now: () => START });
      await store.publish(1, [TENANT], async () => 2);
      const plans = [plan({ candidate: "c", limits: [limit("tenant", 100)], amounts: tokens(1) })];
      const ask = (policyVersion: number) =>
        store.admit({ requestId: `v${policyVersion}`, plans, ...REST, policyVersion, leaseMs: LEASE_MS });
      expect((await ask(1)).kind).toBe("stale");
      expect((await ask(2)).kind).toBe("admit");
    });

    test("a store that knows no policy of a tenant asks for what must not be forgotten before it admits anything", async () => {
      const store = await make({ now: () => START });
      const limits = [limit("tenant", 100, { algorithm: "fixed_window" })];
      const one = (requestId: string) =>
        store.admit({
          requestId,
          plans: [plan({ candidate: "c", limits, amounts: tokens(60) })],
          ...REST,
          leaseMs: LEASE_MS,
        });
      const asked: string[] = [];
      const whenNew = async (tenantIds: readonly string[]) => {
        asked.push(...tenantIds);
        await store.raise(limits.map((limit) => ({ limit, used: 50, usedBefore: 0 })));
        return 0;
      };
      await store.publish(1, [TENANT], whenNew);
      await store.publish(1, [TENANT], whenNew);
      expect(asked).toEqual([TENANT]);
      expect((await one("first")).kind).toBe("deny");
    });

    test("burst credit is its own number, and is spent before anything is refused", async () => {
      const { clock, tell, admit } = await setUp(make);
      const limits = [limit("tenant", 10, { refill: 60, credit: 5 })];
      await admit(limits, 10);
      expect((await tell(limits))[0]).toMatchObject({ used: 10, credit: 0, remaining: 0 });
      clock.at += 13_000;
      expect((await tell(limits))[0]).toMatchObject({ used: 0, credit: 3, remaining: 13 });
      clock.at += 60_000;
      expect((await tell(limits))[0]).toMatchObject({ used: 0, credit: 5, remaining: 15 });
      expect((await admit(limits, 15)).kind).toBe("admit");
      expect((await admit(limits, 1)).kind).toBe("deny");
    });

    test("a subject that was never seen saves up no credit: a call beyond the limit never fits it, until it has called", async () => {
      const { clock, admit } = await setUp(make);
      const limits = [limit("tenant", 10, { refill: 60, credit: 5 })];
      expect(await admit(limits, 12)).toMatchObject({ kind: "deny", retryAfterMs: NEVER });
      await admit(limits, 1);
      const denied = await admit(limits, 12);
      if (denied.kind !== "deny") throw new Error("expected a refusal");
      expect(denied.retryAfterMs).toBeGreaterThan(0);
      clock.at += denied.retryAfterMs;
      expect((await admit(limits, 12)).kind).toBe("admit");
    });

    test("a calendar window ends at its end, to the millisecond", async () => {
      const { clock, tell, admit } = await setUp(make);
      const bounds = { startMs: START - 1000, endMs: START + 5000, nextEndMs: START + 11_000 };
      const base = limit("tenant", 10, { algorithm: "calendar_window" });
      const limits = [{ ...base, rule: { ...base.rule, bounds } }];
      await admit(limits, 10);
      expect(await admit(limits, 1)).toMatchObject({ kind: "deny", retryAfterMs: 5000 });
      clock.at = START + 4999;
      expect((await tell(limits))[0]).toMatchObject({ used: 10, waitMs: 1 });
      clock.at = START + 5000;
      expect((await tell(limits))[0]).toMatchObject({ used: 0, waitMs: 0 });
      await admit(limits, 10);
      expect(await admit(limits, 1)).toMatchObject({ kind: "deny", retryAfterMs: 6000 });
      // Exactly at the end of the next window by the first call's bounds: a window of the same length has begun.
      clock.at = START + 11_000;
      await admit(limits, 10);
      const late = await admit(limits, 1);
      expect(late.kind === "deny" && late.retryAfterMs).toBeGreaterThanOrEqual(6000);
    });

    test("a sliding window is one: a call as large as the limit waits until the last call has left it", async () => {
      const { clock, admit } = await setUp(make);
      const limits = [limit("tenant", 10, { algorithm: "sliding_window" })];
      await admit(limits, 4);
      clock.at += 20_000;
      await admit(limits, 2);
      clock.at += 30_000;
      expect(await admit(limits, 10)).toMatchObject({ kind: "deny", retryAfterMs: 30_000 });
      expect(await admit(limits, 8)).toMatchObject({ kind: "deny", retryAfterMs: 10_000 });
      clock.at += 30_000;
      expect((await admit(limits, 10)).kind).toBe("admit");
    });

    test("a settlement after the window turned: the refund is dropped, the overrun is charged to the new window", async () => {
      const { clock, store, tell, admit } = await setUp(make);
      const limits = [limit("tenant", 100, { algorithm: "fixed_window" })];
      await admit(limits, 50, "less");
      await admit(limits, 20, "more");
      clock.at += 60_000;
      await store.settle({ tenantId: TENANT, requestId: "less", actual: tokens(10) });
      expect((await tell(limits))[0]?.used).toBe(0);
      await store.settle({ tenantId: TENANT, requestId: "more", actual: tokens(27) });
      expect((await tell(limits))[0]?.used).toBe(7);
    });

    test("limits of one subject come and go without touching the others' counts", async () => {
      const { tell, admit } = await setUp(make);
      const [a, b, c] = ["a", "b", "c"].map((slotId) => ({
        ...limit("tenant", 100),
        slotId,
        counter: `tenant#${slotId}`,
      }));
      if (a === undefined || b === undefined || c === undefined) throw new Error("three limits");
      await admit([a, b], 10);
      await admit([b, c], 5);
      await admit([c], 1);
      await admit([c, b, a], 2);
      expect((await tell([a, b, c])).map((state) => state.used)).toEqual([12, 17, 8]);
    });

    test("changing a limit keeps what was used: no free refill, no lock-out beyond the new size", async () => {
      const { admit } = await setUp(make);
      const at = (capacity: number) => [limit("tenant", capacity, { refill: 60 })];
      await admit(at(100), 50);
      expect((await admit(at(60), 11)).kind).toBe("deny");
      expect((await admit(at(60), 10)).kind).toBe("admit");
      expect((await admit(at(200), 140)).kind).toBe("admit");
      expect((await admit(at(200), 1)).kind).toBe("deny");
    });

    test("a lowered limit announces no longer wait than its own size needs, keeps debt, and forgets nothing", async () => {
      const { clock, store, admit } = await setUp(make);
      const at = (capacity: number, refill: number) => [limit("tenant", capacity, { refill })];
      await admit(at(10, 10), 10, "all");
      // 2 per 1,000 s: one comes back after 500.
      const slow = at(2, 2).map((one) => ({ ...one, rule: { ...one.rule, periodMs: 1_000_000 } }));
      expect(await admit(slow, 1)).toMatchObject({ kind: "deny", retryAfterMs: 500_000, states: [{ used: 2 }] });
      clock.at += 500_000;
      expect((await admit(slow, 1)).kind).toBe("admit");
      expect((await admit(slow, 1)).kind).toBe("deny");
      // What was used under the larger limit is still there when that limit is back.
      expect(await admit(at(10, 10), 1)).toMatchObject({ kind: "deny" });
      // An overrun is debt under any limit.
      const wide = [limit("key", 10, { refill: 1 })];
      await admit(wide, 1, "overrun");
      await store.settle({ tenantId: TENANT, requestId: "overrun", actual: tokens(30) });
      expect(await admit([limit("key", 2, { refill: 1 })], 1)).toMatchObject({ kind: "deny", states: [{ used: 22 }] });
    });
  });
}
