import { describe, expect, test } from "vitest";
import { KEPT_MAX_MS } from "@/lib/limits/slot";
import type { Admission, AdmitRequest } from "../admission";
import { limit, START, setUp } from "./fixture.suite";

/** What every implementation of the port announces to callers that come back early, and when it forgets. */
export function strikesSuite(name: string, make: (clock: { now(): number }) => Promise<Admission>): void {
  /** One unit per period, taken at the start; `ask` gives the true wait and what is announced beyond it. */
  async function usedUp(periodMs: number) {
    const { clock, admit, store } = await setUp(make);
    const limits = [{ ...limit("tenant", 1), rule: { ...limit("tenant", 1).rule, refill: 1, periodMs } }];
    await admit(limits, 1, "first", { caller: "x" });
    const ask = async (more: Partial<AdmitRequest> = {}) => {
      const reply = await admit(limits, 1, undefined, more);
      return reply.kind === "deny" ? [reply.retryAfterMs, reply.toldMs - reply.retryAfterMs] : reply.kind;
    };
    return { clock, admit, store, limits, ask };
  }

  describe(`strikes: ${name}`, () => {
    test("the announced wait doubles from the second early return on, up to a minute more", async () => {
      const { clock, ask } = await usedUp(100_000);
      const extra: unknown[] = [];
      for (let call = 0; call < 6; call++) {
        extra.push(await ask());
        clock.at += 1000;
      }
      // Twice, four times the true wait; then the cap.
      expect(extra.slice(0, 3)).toEqual([
        [100_000, 0],
        [99_000, 0],
        [98_000, 60_000],
      ]);
      expect(extra.slice(3)).toEqual([
        [97_000, 60_000],
        [96_000, 60_000],
        [95_000, 60_000],
      ]);
      clock.at = START + 98_000;
      expect(await ask()).toEqual([2000, 60_000]);
    });

    test("short waits grow by a second at least", async () => {
      const { clock, ask } = await usedUp(3000);
      const told: unknown[] = [];
      for (const at of [0, 500, 1000, 2000, 2500, 2900]) {
        clock.at = START + at;
        told.push(await ask());
      }
      expect(told).toEqual([
        [3000, 0],
        [2500, 0],
        [2000, 2000],
        [1000, 3000],
        [500, 7000],
        [100, 15_000],
      ]);
    });

    test("refusals within the grace are parallel calls; the first after it is a return", async () => {
      const { clock, ask } = await usedUp(10_000);
      for (let call = 0; call < 20; call++) expect(await ask()).toEqual([10_000, 0]);
      clock.at += 100;
      expect(await ask()).toEqual([9900, 0]);
      clock.at += 1;
      for (let call = 0; call < 20; call++) expect(await ask()).toEqual([9899, 0]);
      clock.at += 100;
      expect(await ask()).toEqual([9799, 0]);
      clock.at += 1;
      expect(await ask()).toEqual([9798, 9798]);
    });

    test("a call that fits is admitted, however often its caller came back early", async () => {
      const { clock, admit } = await setUp(make);
      const limits = [limit("tenant", 10, { refill: 10 })];
      await admit(limits, 5);
      for (let call = 0; call < 50; call++) {
        expect((await admit(limits, 10)).kind).toBe("deny");
        clock.at += 101;
      }
      expect((await admit(limits, 5)).kind).toBe("admit");
    });

    test("at the true wait the call is admitted, although a longer one was announced", async () => {
      const { clock, ask } = await usedUp(10_000);
      for (const at of [0, 1000, 2000, 3000]) {
        clock.at = START + at;
        await ask();
      }
      clock.at = START + 9999;
      expect(await ask()).toEqual([1, 7000]);
      clock.at += 1;
      expect(await ask()).toBe("admit");
    });

    test("coming back at the announced time starts over, a millisecond sooner does not", async () => {
      const { clock, admit, limits, ask } = await usedUp(3000);
      for (const at of [0, 500, 1000]) {
        clock.at = START + at;
        await ask();
      }
      // The wait is announced until 5,000. Another caller takes what came back.
      clock.at = START + 4000;
      await admit(limits, 1, "taken", { caller: "y" });
      clock.at = START + 4999;
      expect(await ask()).toEqual([2001, 6003]);
      clock.at = START + 4999 + 8004;
      await admit(limits, 1, "taken again", { caller: "y" });
      expect(await ask()).toEqual([3000, 0]);
    });

    test("strikes of one caller are none of another's", async () => {
      const { clock, ask } = await usedUp(60_000);
      for (let call = 0; call < 5; call++) {
        await ask();
        clock.at += 1000;
      }
      expect(await ask({ caller: "somebody else" })).toEqual([55_000, 0]);
    });

    test("a changed policy forgives all strikes: nobody waits longer than the new limit's own wait", async () => {
      const { clock, ask, store, admit } = await usedUp(86_400_000);
      for (let call = 0; call < 30; call++) {
        await ask();
        clock.at += 1000;
      }
      await store.publish(2, ["acme"]);
      expect(await ask({ policyVersion: 2 })).toEqual([86_370_000, 0]);
      clock.at += 1000;
      await store.publish(3, ["acme"]);
      const raised = [{ ...limit("tenant", 2), rule: { ...limit("tenant", 2).rule, refill: 2, periodMs: 86_400_000 } }];
      expect((await admit(raised, 1, "raised", { policyVersion: 3 })).kind).toBe("admit");
    });

    test("a wait of a century is announced as the ten years after which a counter is forgotten", async () => {
      const { clock, ask } = await usedUp(3_155_760_000_000);
      expect(await ask()).toEqual([KEPT_MAX_MS, 0]);
      clock.at += 1000;
      await ask();
      clock.at += 1000;
      expect(await ask()).toEqual([KEPT_MAX_MS, 60_000]);
    });

    test("a lowered limit locks nobody out beyond the new size", async () => {
      const { admit } = await setUp(make);
      const rule = { ...limit("tenant", 10).rule, refill: 10, periodMs: 1000 };
      await admit([{ ...limit("tenant", 10), rule }], 10);
      const lowered = { ...rule, capacity: 2, refill: 2, periodMs: 1_000_000 };
      expect(await admit([{ ...limit("tenant", 2), rule: lowered }], 1)).toMatchObject({ retryAfterMs: 500_000 });
    });
  });
}
