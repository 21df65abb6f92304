import { describe, expect, test } from "vitest";
import fc from "@/lib/fuzz/properties.suite";
import { bindingOf, failing } from "@/lib/limits/decide";
import { plan } from "@/lib/limits/plan";
import { NEVER } from "@/lib/limits/slot";
import type { Admission } from "../admission";
import { editsSuite } from "./edits.suite";
import { LEASE_MS, limit, REST, START, setUp, TENANT, tokens } from "./fixture.suite";
import { runningSuite } from "./running.suite";
import { strikesSuite } from "./strikes.suite";
import { windowsSuite } from "./windows.suite";

/** What every implementation of the admission port must do. `make` gives a fresh, empty store on the given clock. */
export function admissionSuite(name: string, make: (clock: { now(): number }) => Promise<Admission>): void {
  strikesSuite(name, make);
  runningSuite(name, make);
  windowsSuite(name, make);
  editsSuite(name, make);
  describe(`admission: ${name}`, () => {
    test("a denied call spends nothing, in no layer", async () => {
      const { store, tell, admit } = await setUp(make);
      // They refill slowly: stores forget counters by their own clock, and five hundred calls take a while on a busy machine.
      const slow = { refill: 1 };
      const limits = [limit("global", 1000, slow), limit("tenant", 100, slow), limit("user", 10, slow)];
      for (let call = 0; call < 10; call++) expect((await admit(limits, 1)).kind).toBe("admit");
      const before = await tell(limits);
      for (let call = 0; call < 490; call++) expect((await admit(limits, 1)).kind).toBe("deny");
      expect(await tell(limits)).toEqual(before);
      expect((await store.peek(limits)).states.map((state) => state.remaining)).toEqual([990, 90, 0]);
    });

    test("all layers commit or none do: the innermost refusal leaves the outer ones alone, and the other way round", async () => {
      const { tell, admit } = await setUp(make);
      const layers = [limit("tenant", 100), limit("user", 5), limit("key", 100)];
      await admit(layers, 5);
      const before = await tell(layers);
      const denied = await admit(layers, 1);
      expect(denied.kind === "deny" && failing(denied.states).map((state) => state.check.layer)).toEqual(["user"]);
      expect(await tell(layers)).toEqual(before);
    });

    test("a refusal names the outermost failing layer first and every failing check", async () => {
      const { admit } = await setUp(make);
      const layers = [limit("tenant", 5), limit("user", 5)];
      await admit(layers, 5);
      const denied = await admit(layers, 2);
      if (denied.kind !== "deny") throw new Error("expected a refusal");
      expect(failing(denied.states).map((state) => state.check.layer)).toEqual(["tenant", "user"]);
      expect(bindingOf(denied.states)?.check.layer).toBe("tenant");
    });

    test("retry-after is the longest wait over the failing checks, and at that time the call is admitted", async () => {
      const { clock, admit } = await setUp(make);
      const layers = [limit("tenant", 60, { refill: 60 }), limit("user", 6, { refill: 6 })];
      await admit(layers, 6);
      const denied = await admit(layers, 2);
      if (denied.kind !== "deny") throw new Error("expected a refusal");
      expect(denied.retryAfterMs).toBe(20_000);
      clock.at += denied.retryAfterMs - 1;
      expect((await admit(layers, 2)).kind).toBe("deny");
      clock.at += 1;
      expect((await admit(layers, 2)).kind).toBe("admit");
    });

    test("a cost above the capacity never fits and says so", async () => {
      const { admit } = await setUp(make);
      const denied = await admit([limit("tenant", 5)], 6);
      expect(denied).toMatchObject({ kind: "deny", retryAfterMs: NEVER });
    });

    test("the first plan that fits whole is taken, and only it is charged", async () => {
      const { store, tell } = await setUp(make);
      const large = limit("model", 10, { subject: "large" });
      const small = limit("model", 10, { subject: "small" });
      const plans = [
        plan({ candidate: "large", limits: [large], amounts: tokens(11) }),
        plan({ candidate: "small", limits: [small], amounts: tokens(4) }),
      ];
      const reply = await store.admit({ requestId: "r", plans, ...REST, leaseMs: LEASE_MS });
      expect(reply).toMatchObject({ kind: "admit", planIndex: 1 });
      expect((await tell([large, small])).map((state) => state.used)).toEqual([0, 4]);
    });

    test("over several plans retry-after is the shortest", async () => {
      const { store, admit } = await setUp(make);
      const slow = limit("model", 10, { subject: "slow", refill: 1 });
      const quick = limit("model", 10, { subject: "quick", refill: 60 });
      await admit([slow], 10);
      await admit([quick], 10);
      const plans = [slow, quick].map((one) => plan({ candidate: one.subject, limits: [one], amounts: tokens(1) }));
      const reply = await store.admit({ requestId: "r", plans, ...REST, leaseMs: LEASE_MS });
      expect(reply).toMatchObject({ kind: "deny", planIndex: 1, retryAfterMs: 1000 });
    });

    test("the same request id is charged once", async () => {
      const { store, tell } = await setUp(make);
      const limits = [limit("tenant", 10)];
      const request = {
        requestId: "same",
        plans: [plan({ candidate: "c", limits, amounts: tokens(4) })],
        ...REST,
        leaseMs: LEASE_MS,
      };
      const replies = await Promise.all([store.admit(request), store.admit(request), store.admit(request)]);
      expect(new Set(replies.map((reply) => JSON.stringify(reply))).size).toBe(1);
      expect((await tell(limits))[0]?.used).toBe(4);
      await store.settle({ tenantId: TENANT, requestId: "same", actual: tokens(4) });
      expect((await store.admit(request)).kind).toBe("finished");
    });

    test("settling refunds what was not used, once", async () => {
      const { store, tell, admit } = await setUp(make);
      const limits = [limit("tenant", 10)];
      await admit(limits, 8, "r1");
      expect(await store.settle({ tenantId: TENANT, requestId: "r1", actual: tokens(3) })).toBe("settled");
      expect(await store.settle({ tenantId: TENANT, requestId: "r1", actual: tokens(0) })).toBe("repeat");
      expect(await store.settle({ tenantId: TENANT, requestId: "never-seen", actual: tokens(0) })).toBe("unknown");
      expect((await tell(limits))[0]?.used).toBe(3);
    });

    test("an overrun becomes debt, debt blocks, and retries do not deepen it", async () => {
      const { clock, store, tell, admit } = await setUp(make);
      const limits = [limit("tenant", 10, { refill: 10 })];
      await admit(limits, 5, "r1");
      await store.settle({ tenantId: TENANT, requestId: "r1", actual: tokens(25) });
      expect((await tell(limits))[0]).toMatchObject({ used: 25, remaining: 0 });
      for (let retry = 0; retry < 5; retry++) expect((await admit(limits, 1)).kind).toBe("deny");
      const denied = await admit(limits, 1);
      expect(denied).toMatchObject({ retryAfterMs: 96_000 });
      clock.at += 96_000;
      expect((await admit(limits, 1)).kind).toBe("admit");
    });

    test("a braked call consumes nothing, until the brake runs out by the store's clock", async () => {
      const { clock, tell, admit } = await setUp(make);
      const limits = [limit("tenant", 10)];
      const brake = { id: "b1", expiresAtMs: START + 60_000 };
      expect(await admit(limits, 1, "x1", { brake })).toMatchObject({ kind: "braked", brakeId: "b1" });
      expect(await admit(limits, 1, "x2", { brake: { id: "b2", expiresAtMs: null } })).toMatchObject({ brakeId: "b2" });
      expect((await tell(limits))[0]?.used).toBe(0);
      clock.at = START + 60_000;
      expect((await admit(limits, 1, "x3", { brake })).kind).toBe("admit");
    });

    test("an observed limit refuses nothing and still counts", async () => {
      const { tell, admit } = await setUp(make);
      const limits = [{ ...limit("tenant", 2), observe: true }];
      for (let call = 0; call < 5; call++) expect((await admit(limits, 1)).kind).toBe("admit");
      expect((await tell(limits))[0]?.used).toBe(5);
    });

    test("the largest amount that is counted passes, when there is room for it", async () => {
      const { admit } = await setUp(make);
      const most = 9_000_000_000_000_000;
      expect((await admit([limit("tenant", most)], most)).kind).toBe("admit");
    });

    test("never over-admits and never refuses while every layer has room", async () => {
      await fc.assert(
        fc.asyncProperty(histories, async (history) => {
          const { clock, store } = await setUp(make);
          const shadow = new Map<string, number>();
          for (const [index, step] of history.entries()) {
            clock.at += step.gapMs;
            const windows = ["tenant", "user"].map((layer) =>
              limit(layer === "tenant" ? "tenant" : "user", layer === "tenant" ? 50 : 20, {
                algorithm: "fixed_window",
              }),
            );
            const window = Math.floor(clock.at / 60_000);
            const left = (layer: string, cap: number) => cap - (shadow.get(`${layer}${window}`) ?? 0);
            const fits = left("tenant", 50) >= step.cost && left("user", 20) >= step.cost;
            const reply = await store.admit({
              requestId: `r${index}`,
              plans: [plan({ candidate: "c", limits: windows, amounts: tokens(step.cost) })],
              ...REST,
              leaseMs: LEASE_MS,
            });
            expect(reply.kind).toBe(fits ? "admit" : "deny");
            if (!fits) continue;
            for (const layer of ["tenant", "user"])
              shadow.set(`${layer}${window}`, (shadow.get(`${layer}${window}`) ?? 0) + step.cost);
          }
        }),
        { numRuns: 60 },
      );
    });
  });
}

const histories = fc.array(
  fc.record({ gapMs: fc.integer({ min: 0, max: 30_000 }), cost: fc.integer({ min: 1, max: 25 }) }),
  { minLength: 1, maxLength: 40 },
);
