import { describe, expect, test } from "vitest";
import { type Amounts, NO_AMOUNTS } from "@/lib/limits/rules/dimensions";
import type { Admission } from "../admission";
import { limit, setUp, TENANT, tokens } from "./fixture.suite";

/** Limits that change while calls run: what a call's end may do to a counter that is under another rule by then. */
export function editsSuite(name: string, make: (clock: { now(): number }) => Promise<Admission>): void {
  describe(`limits that change while calls run: ${name}`, () => {
    test("a limit that was made slower leaks nothing at its old pace when an older call ends", async () => {
      const { clock, store, admit } = await setUp(make);
      await admit([limit("tenant", 1000, { refill: 60_000 })], 1000, "old");
      await store.publish(2, [TENANT]);
      const slow = [limit("tenant", 1000, { refill: 1 })];
      clock.at += 10_000;
      await store.settle({ tenantId: TENANT, requestId: "old", actual: tokens(1000) });
      expect((await admit(slow, 10, "new", { policyVersion: 2 })).kind).toBe("deny");
    });

    test("a limit that was made faster has room at the announced time, whichever older call ends before", async () => {
      const { clock, store, admit } = await setUp(make);
      await admit([limit("tenant", 1000, { refill: 1 })], 1000, "old");
      await store.publish(2, [TENANT]);
      const fast = [limit("tenant", 1000, { refill: 6000 })];
      const denied = await admit(fast, 500, "early", { policyVersion: 2 });
      expect(denied).toMatchObject({ kind: "deny", retryAfterMs: 5000 });
      clock.at += 4000;
      await store.settle({ tenantId: TENANT, requestId: "old", actual: tokens(1000) });
      clock.at += 1000;
      expect((await admit(fast, 500, "on time", { policyVersion: 2 })).kind).toBe("admit");
    });

    test("a call that is asked for again after an edit still began before it", async () => {
      const { clock, store, admit } = await setUp(make);
      const quick = [limit("tenant", 1000, { refill: 60_000 })];
      await admit(quick, 1000, "old");
      await store.publish(2, [TENANT]);
      expect((await admit(quick, 1000, "old", { policyVersion: 2 })).kind).toBe("admit");
      clock.at += 10_000;
      await store.settle({ tenantId: TENANT, requestId: "old", actual: tokens(1000) });
      expect((await admit([limit("tenant", 1000, { refill: 1 })], 10, "new", { policyVersion: 2 })).kind).toBe("deny");
    });

    test("an override that expires while a call runs ends its pace for that call too", async () => {
      const { clock, store, admit } = await setUp(make);
      const boosted = [limit("tenant", 1000, { refill: 60_000 })];
      await admit(boosted, 1000, "boosted", { policyUntilMs: clock.at + 1 });
      clock.at += 10_000;
      await store.settle({ tenantId: TENANT, requestId: "boosted", actual: tokens(1000) });
      expect((await admit([limit("tenant", 1000, { refill: 1 })], 10)).kind).toBe("deny");
    });

    test.each<[string, Amounts, number]>([
      ["all that it reserved", tokens(400), 0],
      ["what it did not use", tokens(400), 150],
    ])("a call gets back %s, however its limit was changed meanwhile", async (_name, reserved, used) => {
      const { clock, store, tell, admit } = await setUp(make);
      await admit([limit("tenant", 1000, { refill: 1 })], reserved, "old");
      for (const [version, refill] of [
        [2, 60],
        [3, 2],
      ] as const) {
        await store.publish(version, [TENANT]);
        await admit([limit("tenant", 900, { refill })], 100, `v${version}`, { policyVersion: version });
      }
      await store.settle({ tenantId: TENANT, requestId: "old", actual: tokens(used) });
      expect((await tell([limit("tenant", 900, { refill: 2 })]))[0]?.used).toBe(200 + used);
      clock.at += 60_000;
      expect((await tell([limit("tenant", 900, { refill: 2 })]))[0]?.used).toBe(198 + used);
    });

    test("a request that was never sent is given back when nobody called since, and otherwise not too much", async () => {
      const { clock, store, tell, admit } = await setUp(make);
      const one = { ...NO_AMOUNTS, requests: 1 };
      const at = (refill: number, subject: string) => [
        { ...limit("tenant", 10, { refill, subject }), dimension: "requests" as const },
      ];
      await admit(at(1, "alone"), one, "first");
      await admit(at(1, "busy"), one, "second");
      await store.publish(2, [TENANT]);
      clock.at += 600;
      await admit(at(60, "busy"), one, "third", { policyVersion: 2 });
      clock.at += 600;
      for (const requestId of ["first", "second"])
        await store.settle({ tenantId: TENANT, requestId, actual: NO_AMOUNTS });
      expect((await tell(at(60, "alone")))[0]?.level).toBe(0);
      // 1 + 1, of which 1.2 have leaked. Giving the second back as if little had leaked would leave less than that.
      expect((await tell(at(60, "busy")))[0]?.level).toBeCloseTo(0.8, 5);
    });

    test("a lowered limit with an overrun locks out for its own size and the overrun, no longer", async () => {
      const { clock, store, admit } = await setUp(make);
      await admit([limit("tenant", 1000)], 900, "before");
      await store.settle({ tenantId: TENANT, requestId: "before", actual: tokens(900) });
      const lower = [limit("tenant", 100)];
      clock.at += 30_000;
      expect((await admit(lower, 50, "over")).kind).toBe("admit");
      await store.settle({ tenantId: TENANT, requestId: "over", actual: tokens(60) });
      const denied = await admit(lower, 100);
      // 100 of its own and 10 of debt, at 100 a minute.
      expect(denied).toMatchObject({ kind: "deny", retryAfterMs: 66_000 });
      clock.at += 66_000;
      expect((await admit(lower, 100)).kind).toBe("admit");
    });
  });
}
