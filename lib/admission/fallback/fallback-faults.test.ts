import { describe, expect, test, vi } from "vitest";
import { ScriptError, StoreUnavailable } from "@/lib/errors";
import { plan } from "@/lib/limits/plan";
import { NO_AMOUNTS } from "@/lib/limits/rules/dimensions";
import { newRequestId } from "@/lib/request-id";
import type { Admission, WhenNew } from "../admission";
import { MemoryAdmission } from "../memory/memory";
import { admitted, budget, caughtUp, limit, ONE, REST, START, setUp, under } from "./net.suite";

describe("what says nothing about the store", () => {
  /** A store of which one method fails on demand. */
  function failing(store: Admission, method: keyof Admission, error: () => Error): Admission {
    return new Proxy(store, {
      get(target, name) {
        const real: unknown = Reflect.get(target, name);
        if (typeof real !== "function") return real;
        return name === method ? () => Promise.reject(error()) : real.bind(target);
      },
    });
  }
  const clock = { now: () => START };
  const plans = [plan({ candidate: "c", limits: [limit({})], amounts: ONE })];

  test("a script's error is the one call's: nothing is decided alone, and the store counts as there", async () => {
    const store = new MemoryAdmission(clock);
    const net = under(
      clock,
      failing(store, "admit", () => new ScriptError("admit", "ERR")),
      1,
    );
    for (let call = 0; call < 20; call++) {
      await expect(net.admit({ ...REST, requestId: `r${call}`, plans })).rejects.toThrow(ScriptError);
    }
    expect(net.isAway).toBe(false);
    await expect(net.publish(1, ["t"])).resolves.toBe(1);
  });

  test.each(["peek", "raise", "running"] as const)(
    "a failing %s never opens the breaker of admissions",
    async (method) => {
      const store = new MemoryAdmission(clock);
      const net = under(
        clock,
        failing(store, method, () => new StoreUnavailable("too slow", "timeout")),
        1,
      );
      const looks = { peek: () => net.peek([limit({})]), raise: () => net.raise([]), running: () => net.running("t") };
      for (let look = 0; look < 20; look++) await expect(looks[method]()).rejects.toThrow(StoreUnavailable);
      expect(net.isAway).toBe(false);
      await net.publish(1, ["t"]);
      expect(await net.admit({ ...REST, requestId: "r", plans })).not.toHaveProperty("isLocal");
    },
  );

  test("a call that the store does not accept holds up none of the others", async () => {
    const { state, store, first, admit } = setUp(1);
    state.is = "away";
    for (const id of ["one", "damaged", "three"]) await admit(first, [limit({})], ONE, id);
    state.is = "there";
    const real = store.admit.bind(store);
    vi.spyOn(store, "admit").mockImplementation((request) =>
      request.requestId === "damaged" ? Promise.reject(new ScriptError("admit", "WRONGTYPE")) : real(request),
    );
    await caughtUp(first);
    expect(first.isBehind).toBe(false);
    expect((await store.peek([limit({})])).states[0]?.used).toBe(2);
  });
});

describe("a store that has forgotten everything", () => {
  const forgetful = (store: Admission, state: { forgets: boolean }): Admission =>
    new Proxy(store, {
      get(target, name) {
        if (name === "admit" && state.forgets) return async () => ({ kind: "stale", isEmptied: true });
        if (name === "publish" && state.forgets)
          return async (_v: number, ids: string[], fill: WhenNew) => void (await fill(ids));
        const real: unknown = Reflect.get(target, name);
        return typeof real === "function" ? real.bind(target) : real;
      },
    });

  test.each([
    new Error("the database is away"),
    new StoreUnavailable("a part of the fill got no answer in time", "timeout"),
  ])(
    "and cannot be filled (%s) counts as unavailable: shares and closed limits apply until it is filled",
    async (lost) => {
      const clock = { now: () => START };
      const state = { forgets: true };
      const net = under(clock, forgetful(new MemoryAdmission(clock), state), 2);
      await expect(net.publish(1, ["t"], () => Promise.reject(lost))).rejects.toThrow(lost);
      expect(net.isAway).toBe(true);
      const calls = Array.from({ length: 60 }, (_, call) => async () => {
        const plans = [plan({ candidate: "c", limits: [limit({})], amounts: ONE })];
        return net.admit({ ...REST, requestId: `r${call}`, plans });
      });
      expect(await admitted(calls)).toBe(30);
      const closed = [plan({ candidate: "c", limits: [limit({ failureMode: "closed" })], amounts: ONE })];
      await expect(net.admit({ ...REST, requestId: "closed", plans: closed })).rejects.toThrow(StoreUnavailable);
      state.forgets = false;
      await net.publish(1, ["t"], async () => 1);
      expect(net.isAway).toBe(false);
    },
  );

  test("and is emptied again each time that a call has filled it is decided without: nobody is refused for that", async () => {
    const clock = { now: () => START };
    const net = under(clock, forgetful(new MemoryAdmission(clock), { forgets: true }), 2);
    const plansOf = (failureMode: "local" | "closed") => [
      plan({ candidate: "c", limits: [limit({ failureMode })], amounts: ONE }),
    ];
    /** As its caller does: fills the store and asks again. */
    const tries = async (requestId: string, mode: "local" | "closed") => {
      for (let tried = 1; tried <= 4; tried++) {
        const reply = await net.admit({ ...REST, requestId, plans: plansOf(mode) });
        if (reply.kind !== "stale") return { tried, ...reply };
        await net.publish(1, ["t"], async () => 1);
      }
      return null;
    };
    expect(await tries("one", "local")).toMatchObject({ tried: 3, kind: "admit", isLocal: true });
    await expect(tries("two", "closed")).rejects.toThrow(StoreUnavailable);
    expect(net.isAway).toBe(false);
  });

  test("and has a newer policy since is obeyed, though it could not be filled: the older policy admits nothing", async () => {
    const clock = { now: () => START };
    const state = { forgets: true };
    const store = new MemoryAdmission(clock);
    const net = under(clock, forgetful(store, state), 2);
    await expect(net.publish(1, ["t"], () => Promise.reject(new Error("lost")))).rejects.toThrow("lost");
    // Another process has filled it, with a brake that this one has not read yet.
    await store.publish(2, ["t"]);
    state.forgets = false;
    const plans = [plan({ candidate: "c", limits: [limit({})], amounts: ONE })];
    expect(await net.admit({ ...REST, requestId: "r", plans })).toEqual({ kind: "stale" });
  });

  test("what the ledger has restored is not reported to it again", async () => {
    const { time, state, store, first, admit } = setUp(1);
    const limits = [budget(1_000_000), limit({}, 1000)];
    state.is = "away";
    await admit(first, limits, ONE, "ended");
    await first.settle({ tenantId: "t", requestId: "ended", actual: ONE });
    time.at += 100;
    await admit(first, limits, ONE, "runs");
    state.is = "there";
    await first.publish(1, ["t"], async () => {
      await store.raise([{ limit: budget(1_000_000), used: 1000, usedBefore: 0 }]);
      return 1;
    });
    await caughtUp(first);
    // The ledger's sum already contains the budget's ended call. The bucket is in no ledger, so the store gets both calls.
    expect((await store.peek(limits)).states.map((one) => one.used)).toEqual([2000, 2]);
  });
});

describe("calls that another process also settles", () => {
  test("what the store took for a call that a closed limit refused is given back when it answers again", async () => {
    const { state, first, admit, store } = setUp(1);
    const limits = [limit({ failureMode: "closed" })];
    state.is = "answers lost";
    for (let call = 0; call < 3; call++) await expect(admit(first, limits)).rejects.toThrow(StoreUnavailable);
    expect(await store.running("t")).toHaveLength(3);
    state.is = "there";
    await admit(first, limits);
    await vi.waitFor(async () => expect(await store.running("t")).toHaveLength(1));
    expect((await store.peek(limits)).states.map((one) => one.used)).toEqual([1]);
  });

  test("a call that was taken over while its owner was stopped, and then ends, is charged for all that it used, once", async () => {
    const { time, fleet, admit, store } = setUp(2);
    const [owner, other] = fleet;
    if (owner === undefined || other === undefined) throw new Error("a fleet of two");
    const limits = [budget(1_000_000), limit({ dimension: "requests" })];
    await admit(owner, limits, { ...ONE, cost_micro_usd: 5000 }, newRequestId(START));
    time.at += 20_000;
    const [orphan] = await other.reap({ tenantIds: ["t"], leaseMs: 15_000 });
    const ends = { tenantId: "t", requestId: orphan?.requestId ?? "" };
    const noted = { ...ONE, cost_micro_usd: 260 };
    await other.settle({ ...ends, actual: noted });
    const actual = { ...ONE, cost_micro_usd: 2700 };
    expect(await owner.settle({ ...ends, actual, takenOverAs: () => noted })).toBe("repeat");
    expect(await owner.settle({ ...ends, actual, takenOverAs: () => noted })).toBe("repeat");
    const [spend, requests] = (await store.peek(limits)).states;
    expect(spend?.used).toBe(2700);
    expect(requests?.used).toBeLessThanOrEqual(1);
    expect(await store.running("t")).toEqual([]);
  });

  describe("a call that another process has settled holds its slot again while it goes on", () => {
    const slots = limit({
      dimension: "concurrency",
      rule: { algorithm: "concurrency", capacity: 1, refill: 1, periodMs: 0, credit: 0, bounds: null },
    });
    const money = budget(1_000_000);
    const noted = { ...ONE, cost_micro_usd: 260 };

    /** A call of a stopped process, settled by another one. */
    async function takenOver() {
      const { time, fleet, admit, store } = setUp(2);
      const [owner, other] = fleet;
      if (owner === undefined || other === undefined) throw new Error("a fleet of two");
      await admit(owner, [slots, money], { ...ONE, cost_micro_usd: 5000 }, newRequestId(START));
      time.at += 20_000;
      const [orphan] = await other.reap({ tenantIds: ["t"], leaseMs: 15_000 });
      const ends = { tenantId: "t", requestId: orphan?.requestId ?? "" };
      await other.settle({ ...ends, actual: noted });
      const beat = () => owner.heartbeat({ ...ends, leaseMs: 15_000, note: "" });
      const used = async () => (await store.peek([slots, money])).states.map((state) => state.used);
      const kindOf = async (by: Admission) => (await admit(by, [slots], ONE, newRequestId(time.at))).kind;
      return { time, owner, other, ends, beat, used, kindOf, store };
    }

    test("it is counted once, however often it beats, until it ends", async () => {
      const { owner, other, ends, beat, used, kindOf, store } = await takenOver();
      expect(await used()).toEqual([0, 260]);
      expect([await beat(), await beat(), await beat()]).toEqual(["gone", "gone", "gone"]);
      expect(await used()).toEqual([1, 260]);
      expect(await kindOf(other)).toBe("deny");
      await owner.settle({ ...ends, actual: { ...ONE, cost_micro_usd: 2700 }, takenOverAs: () => noted });
      expect(await used()).toEqual([0, 2700]);
      expect(await kindOf(other)).toBe("admit");
      expect(await store.running("t")).toHaveLength(1);
    });

    test("beats that overlap hold one slot, and a call that ends meanwhile holds none", async () => {
      const { owner, ends, beat, used } = await takenOver();
      await Promise.all([beat(), beat(), beat()]);
      expect(await used()).toEqual([1, 260]);
      await Promise.all([beat(), owner.settle({ ...ends, actual: noted, takenOverAs: () => noted }), beat()]);
      expect(await used()).toEqual([0, 260]);
    });

    test("when somebody has its slot by then, both are counted, and nobody else gets in before both have ended", async () => {
      const { owner, other, ends, beat, used, kindOf } = await takenOver();
      expect(await kindOf(other)).toBe("admit");
      await beat();
      expect(await used()).toEqual([2, 260]);
      await owner.settle({ ...ends, actual: noted, takenOverAs: () => noted });
      expect([await used(), await kindOf(other)]).toEqual([[1, 260], "deny"]);
    });

    test("when its process dies after all, its slot is handed out with its lease, under an id of its own, and is freed", async () => {
      const { time, other, ends, beat, used } = await takenOver();
      await beat();
      time.at += 20_000;
      const orphans = await other.reap({ tenantIds: ["t"], leaseMs: 15_000 });
      expect(orphans).toHaveLength(1);
      const requestId = orphans[0]?.requestId ?? "";
      expect(requestId).not.toBe(ends.requestId);
      expect(await other.settle({ tenantId: "t", requestId, actual: NO_AMOUNTS })).toBe("settled");
      expect(await used()).toEqual([0, 260]);
      expect(await other.reap({ tenantIds: ["t"], leaseMs: 15_000 })).toEqual([]);
    });
  });
});
