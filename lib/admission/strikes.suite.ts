import { describe, expect, test } from "vitest";
import type { Layer } from "@/lib/limits/layers";
import type { Admission } from "./admission";
import { limit, START, setUp } from "./fixture.suite";

/** What every body of the port tells callers that come back early, and how it forgets it. */
export function strikesSuite(name: string, make: (clock: { now(): number }) => Promise<Admission>): void {
  describe(`strikes: ${name}`, () => {
    test("strikes count only returns before the told time and after a grace; they lengthen what is told, then box", async () => {
      const { clock, admit } = await setUp(make);
      const limits = [limit("tenant", 1, { refill: 1 })];
      await admit(limits, 1);
      const told = async () => {
        const reply = await admit(limits, 1);
        return reply.kind === "deny" ? { told: reply.toldMs - reply.retryAfterMs } : { kind: reply.kind };
      };
      // Twenty parallel refusals within the grace are no returns.
      for (let call = 0; call < 20; call++) expect(await told()).toEqual({ told: 0 });
      clock.at += 2000;
      for (let call = 0; call < 19; call++) await told();
      clock.at += 30_000;
      expect(await told()).toEqual({ told: 32_000 });
      expect(await told()).toEqual({ kind: "boxed" });
      expect(await admit(limits, 1, "other", { caller: "somebody else" })).toMatchObject({ kind: "deny" });
    });

    test("a probe's refusal is no strike", async () => {
      const { clock, admit } = await setUp(make);
      const limits = [limit("tenant", 1, { refill: 1 })];
      await admit(limits, 1);
      for (let call = 0; call < 30; call++) {
        expect(await admit(limits, 1, `probe-${call}`, { isProbe: true })).toMatchObject({ kind: "deny" });
        clock.at += 1001;
      }
      const refused = await admit(limits, 1);
      expect(refused.kind === "deny" && refused.toldMs - refused.retryAfterMs).toBe(0);
    });

    test("strikes begin and end at their exact moments", async () => {
      const { clock, admit } = await setUp(make);
      // One unit comes back per 100 s: waits are long, and nothing fits meanwhile.
      const limits = [{ ...limit("tenant", 1), rule: { ...limit("tenant", 1).rule, refill: 1, periodMs: 100_000 } }];
      await admit(limits, 1);
      const ask = async () => {
        const reply = await admit(limits, 1);
        return reply.kind === "deny" ? reply.toldMs - reply.retryAfterMs : reply.kind;
      };
      expect(await ask()).toBe(0);
      clock.at += 1000;
      // Exactly at the end of the grace: no return yet, so these ten are the free ones and one that counts as none.
      for (let call = 0; call < 11; call++) expect(await ask()).toBe(0);
      clock.at += 1;
      for (let call = 0; call < 10; call++) expect(await ask()).toBe(0);
      // The eleventh return: a second, which the true wait of 99 s covers; near its end it does not.
      clock.at = START + 99_500;
      expect(await ask()).toBe(500);
      expect(await ask()).toBe(1500);
      expect(await ask()).toBe(3500);
      for (let call = 0; call < 5; call++) await ask();
      // Capped at a minute from here, and boxed from the twentieth on.
      expect([await ask(), await ask()]).toEqual([59_500, 59_500]);
      expect(await ask()).toBe("boxed");
      clock.at = START + 99_500 + 60_000 - 1;
      expect(await ask()).toBe("boxed");
      clock.at += 1;
      expect((await admit(limits, 1)).kind).toBe("admit");
      expect(await ask()).toBe(0);
    });

    test("ten returns are free, the eleventh costs a second, and coming back at the told time is no return", async () => {
      const { clock, admit } = await setUp(make);
      const limits = [{ ...limit("tenant", 1), rule: { ...limit("tenant", 1).rule, refill: 1, periodMs: 3000 } }];
      await admit(limits, 1, "first", { caller: "x" });
      const told = async () => {
        const reply = await admit(limits, 1);
        return reply.kind === "deny" ? reply.toldMs : reply.kind;
      };
      expect(await told()).toBe(3000);
      clock.at = START + 2500;
      for (let call = 0; call < 10; call++) expect(await told()).toBe(500);
      expect(await told()).toBe(1000);
      // Told until 3,500: somebody else takes what came back, and at that very moment the count stays.
      clock.at = START + 3500;
      await admit(limits, 1, "taken", { caller: "x" });
      expect(await told()).toBe(3000);
      clock.at = START + 6500;
      expect(await told()).toBe("admit");
      // Forgiven by that admission: the next refusal tells the true wait again.
      clock.at = START + 9000;
      expect(await told()).toBe(500);
    });

    test("strikes decay a minute after the told time, not a millisecond sooner", async () => {
      const { clock, admit } = await setUp(make);
      const every = (layer: Layer, periodMs: number) => [
        { ...limit(layer, 1), rule: { ...limit(layer, 1).rule, refill: 1, periodMs } },
      ];
      const slow = every("tenant", 1_000_000);
      await admit(slow, 1, "first", { caller: "x" });
      for (const caller of ["a", "b"]) await admit(slow, 1, `since ${caller}`, { caller });
      clock.at += 1500;
      for (let call = 0; call < 12; call++) {
        for (const caller of ["a", "b"]) await admit(slow, 1, `${caller}${call}`, { caller });
      }
      const toldUntil = START + 1_000_000;
      const quick = every("user", 1000);
      const probe = async (caller: string, at: number) => {
        clock.at = at;
        await admit(quick, 1, `taken ${caller}`, { caller: "y" });
        return admit(quick, 1, `probe ${caller}`, { caller });
      };
      expect(await probe("a", toldUntil + 59_999)).toMatchObject({ retryAfterMs: 1000, toldMs: 2000 });
      expect(await probe("b", toldUntil + 60_000)).toMatchObject({ retryAfterMs: 999, toldMs: 999 });
    });

    test("a denial exactly at the told time is no return", async () => {
      const { clock, admit } = await setUp(make);
      const slow = [{ ...limit("tenant", 1), rule: { ...limit("tenant", 1).rule, refill: 1, periodMs: 100_000 } }];
      const quick = [limit("user", 1, { refill: 120 })];
      await admit(slow, 1);
      await admit(slow, 1);
      clock.at += 2000;
      for (let call = 0; call < 10; call++) await admit(slow, 1);
      clock.at = START + 100_000;
      await admit(quick, 1, "somebody else's", { caller: "other" });
      // Ten returns are free. Were this the eleventh, it would be told a second.
      const denied = await admit(quick, 1);
      expect(denied).toMatchObject({ kind: "deny", retryAfterMs: 500, toldMs: 500 });
    });

    test("strikes are forgiven by an admission after the told time, and decay", async () => {
      const { clock, admit } = await setUp(make);
      const limits = [limit("tenant", 2, { refill: 2 })];
      await admit(limits, 2);
      await admit(limits, 1);
      clock.at += 2000;
      for (let call = 0; call < 12; call++) await admit(limits, 1);
      clock.at += 60_000;
      expect((await admit(limits, 1)).kind).toBe("admit");
      expect((await admit(limits, 1)).kind).toBe("admit");
      expect(await admit(limits, 1)).toMatchObject({ kind: "deny", toldMs: 30_000, retryAfterMs: 30_000 });
    });

    test("a smaller call that fits passes while a larger one was told to wait", async () => {
      const { admit } = await setUp(make);
      const limits = [limit("tenant", 10, { refill: 10 })];
      await admit(limits, 5);
      expect((await admit(limits, 6)).kind).toBe("deny");
      expect((await admit(limits, 5)).kind).toBe("admit");
    });
  });
}
