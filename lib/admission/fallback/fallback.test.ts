import { describe, expect, onTestFinished, test, vi } from "vitest";
import { HOUR_MS } from "@/lib/clock";
import { ScriptError, StoreUnavailable } from "@/lib/errors";
import { type AppliedLimit, type FailureMode, plan } from "@/lib/limits/plan";
import { type Amounts, NO_AMOUNTS } from "@/lib/limits/rules/dimensions";
import { makeLog } from "@/lib/log";
import { newRequestId } from "@/lib/request-id";
import type { Admission, WhenNew } from "../admission";
import { MemoryAdmission } from "../memory/memory";
import { admissionSuite } from "../suites/admission.suite";
import { lawSuite } from "../suites/law.suite";
import { FallbackAdmission } from "./fallback";

const START = 1_795_000_000_000;
const log = makeLog("silent");
const REST = { tenantId: "t", caller: "c", brake: null, policyVersion: 1, intent: "", leaseMs: 15_000 };

function under(
  clock: { now(): number },
  shared: Admission,
  peers: number,
  { elapsed, openMs }: { elapsed: () => number; openMs: number } = { elapsed: clock.now, openMs: 0 },
): FallbackAdmission {
  const local = new MemoryAdmission(clock);
  const policyVersion = () => 1;
  return new FallbackAdmission({ shared, local, clock, elapsed, log, peers: () => peers, policyVersion, openMs });
}

admissionSuite("with the net under it, store there", async (clock) => under(clock, new MemoryAdmission(clock), 1));
lawSuite("with the net under it, store there", async (clock) => under(clock, new MemoryAdmission(clock), 1), 60);

/** A store that can be taken away: before it does what it is asked, or after, with its answer lost. */
function breakable(store: Admission, state: { is: "there" | "away" | "answers lost" }): Admission {
  return new Proxy(store, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== "function") return method;
      return async (...args: unknown[]) => {
        if (state.is === "away") throw new StoreUnavailable("taken away");
        const answer: unknown = await Reflect.apply(method, target, args);
        if (state.is === "answers lost") throw new StoreUnavailable("its answer was lost");
        return answer;
      };
    },
  });
}

function setUp(peers: number) {
  const time = { at: START };
  const clock = { now: () => time.at };
  const store = new MemoryAdmission(clock);
  const state: Parameters<typeof breakable>[1] = { is: "there" };
  const fleet = Array.from({ length: peers }, () => under(clock, breakable(store, state), peers));
  const [first] = fleet;
  if (first === undefined) throw new Error("a fleet has a first");
  let serial = 0;
  const admit = (by: Admission, limits: readonly AppliedLimit[], amounts: Amounts = ONE, id = `r${serial++}`) =>
    by.admit({ ...REST, requestId: id, plans: [plan({ candidate: "c", limits, amounts })], caller: id });
  return { time, store, state, fleet, first, admit };
}

const ONE: Amounts = { ...NO_AMOUNTS, requests: 1, total_tokens: 10, cost_micro_usd: 1000, concurrency: 1 };

function limit(more: Partial<AppliedLimit> & { failureMode?: FailureMode }, capacity = 60): AppliedLimit {
  const slotId = `${more.dimension ?? "requests"}|x`;
  return {
    ...{ limitId: slotId, layer: "tenant", dimension: "requests", subject: "s", slotId, counter: `s#${slotId}` },
    rule: { algorithm: "token_bucket", capacity, refill: capacity, periodMs: 60_000, credit: 0, bounds: null },
    observe: false,
    ...more,
  };
}

function budget(capacity: number, failureMode: FailureMode = "local"): AppliedLimit {
  const bounds = { startMs: START - HOUR_MS, endMs: START + HOUR_MS, nextEndMs: START + 25 * HOUR_MS };
  const rule = { algorithm: "calendar_window", capacity, refill: capacity, periodMs: 0, credit: 0, bounds } as const;
  return limit({ dimension: "cost_micro_usd", rule, failureMode });
}

async function admitted(work: readonly (() => Promise<{ kind: string }>)[]): Promise<number> {
  let count = 0;
  for (const one of work) if ((await one()).kind === "admit") count += 1;
  return count;
}

describe("the store is away", () => {
  test("a closed limit refuses; nothing was taken", async () => {
    const { state, first, admit, store } = setUp(1);
    state.is = "away";
    const limits = [limit({ failureMode: "local" }), limit({ failureMode: "closed", dimension: "total_tokens" })];
    await expect(admit(first, limits)).rejects.toThrow(StoreUnavailable);
    state.is = "there";
    expect((await store.peek(limits)).states.map((one) => one.used)).toEqual([0, 0]);
  });

  test.each([
    ["local", 1, 60],
    ["local", 3, 60],
    ["local", 7, 56],
    ["open", 3, 180],
  ] as const)("%s: %i processes together admit %i of a limit of 60", async (failureMode, peers, most) => {
    const { state, fleet, admit } = setUp(peers);
    state.is = "away";
    const calls = fleet.flatMap((one) => Array.from({ length: 200 }, () => () => admit(one, [limit({ failureMode })])));
    expect(await admitted(calls)).toBe(most);
  });

  test("what a process had admitted before counts against its share: the net is warm", async () => {
    const { state, first, admit } = setUp(2);
    for (let call = 0; call < 25; call++) await admit(first, [limit({})]);
    state.is = "away";
    expect(await admitted(Array.from({ length: 30 }, () => () => admit(first, [limit({})])))).toBe(5);
  });

  test("a budget allows two hundredths of itself, and never more than was left", async () => {
    const { state, first, admit } = setUp(1);
    const spend = budget(1_000_000);
    for (let call = 0; call < 3; call++) await admit(first, [spend], { ...ONE, cost_micro_usd: 10_000 });
    state.is = "away";
    const try100 = () => Array.from({ length: 100 }, () => () => admit(first, [spend]));
    expect(await admitted(try100())).toBe(20);
    const nearlyOut = setUp(1);
    await nearlyOut.admit(nearlyOut.first, [spend], { ...ONE, cost_micro_usd: 990_000 });
    await nearlyOut.admit(nearlyOut.first, [spend], { ...ONE, cost_micro_usd: 4_000 });
    nearlyOut.state.is = "away";
    // The last thing heard was before the second call: 10,000 were left.
    const calls = Array.from({ length: 100 }, () => () => nearlyOut.admit(nearlyOut.first, [spend]));
    expect(await admitted(calls)).toBe(10);
  });

  test("a brake holds, also over a closed limit", async () => {
    const { state, first } = setUp(1);
    state.is = "away";
    const plans = [plan({ candidate: "c", limits: [limit({ failureMode: "closed" })], amounts: ONE })];
    const brake = { id: "b", expiresAtMs: null };
    expect(await first.admit({ ...REST, requestId: "r", plans, brake })).toMatchObject({ kind: "braked" });
  });

  test("the quota shows the share that is enforced", async () => {
    const { state, first, admit } = setUp(2);
    state.is = "away";
    for (let call = 0; call < 5; call++) await admit(first, [limit({})]);
    const { states } = await first.peek([limit({})]);
    expect(states[0]).toMatchObject({ used: 5, remaining: 25 });
  });
});

describe("the store is back", () => {
  test("it learns of every call once: ended ones as used, running ones as reserved", async () => {
    const { state, store, first, admit } = setUp(1);
    const limits = [limit({}), limit({ dimension: "total_tokens" }, 1000), budget(1_000_000)];
    await admit(first, limits, ONE, "before");
    state.is = "away";
    await admit(first, limits, ONE, "ended");
    await admit(first, limits, ONE, "runs");
    await first.settle({ tenantId: "t", requestId: "ended", actual: { ...ONE, total_tokens: 4, cost_micro_usd: 400 } });
    await first.settle({ tenantId: "t", requestId: "before", actual: ONE });
    expect((await store.peek(limits)).states.map((one) => one.used)).toEqual([1, 10, 1000]);
    state.is = "there";
    await caughtUp(first);
    expect((await store.peek(limits)).states.map((one) => one.used)).toEqual([3, 24, 2400]);
    expect(await first.heartbeat({ tenantId: "t", requestId: "runs", leaseMs: 1000, note: "" })).toBe("held");
    await first.settle({ tenantId: "t", requestId: "runs", actual: { ...ONE, total_tokens: 1, cost_micro_usd: 100 } });
    expect((await store.peek(limits)).states.map((one) => one.used)).toEqual([3, 15, 1500]);
  });

  test("a call whose admission was lost on its way back is charged once", async () => {
    const { state, store, first, admit } = setUp(1);
    state.is = "answers lost";
    expect(await admit(first, [limit({})], ONE, "ghost")).toMatchObject({ kind: "admit", isLocal: true });
    state.is = "there";
    await caughtUp(first);
    await first.settle({ tenantId: "t", requestId: "ghost", actual: ONE });
    expect((await store.peek([limit({})])).states[0]?.used).toBe(1);
  });

  test("one that was admitted unheard, and then refused here, is given back", async () => {
    const { state, store, first, admit } = setUp(60);
    await admit(first, [limit({})], ONE, "fills the share");
    state.is = "answers lost";
    expect(await admit(first, [limit({})], ONE, "ghost")).toMatchObject({ kind: "deny", isLocal: true });
    expect((await store.peek([limit({})])).states[0]?.used).toBe(2);
    state.is = "there";
    await caughtUp(first);
    expect((await store.peek([limit({})])).states[0]?.used).toBe(1);
  });

  test("what has flowed back since is not owed", async () => {
    const { time, state, store, first, admit } = setUp(1);
    state.is = "away";
    for (let call = 0; call < 50; call++) {
      await admit(first, [limit({})], ONE, `early${call}`);
      await first.settle({ tenantId: "t", requestId: `early${call}`, actual: ONE });
    }
    time.at += 600_000;
    state.is = "there";
    await caughtUp(first);
    expect((await store.peek([limit({})])).states[0]?.used).toBe(0);
  });

  test("a store that was emptied learns the running calls; one that settled them ends them", async () => {
    const time = { at: START };
    const clock = { now: () => time.at };
    const stores = [new MemoryAdmission(clock), new MemoryAdmission(clock)] as const;
    let [current] = [0];
    const switching = new Proxy(stores[0], {
      get: (_target, name) => {
        const store = stores[current] ?? stores[0];
        const method: unknown = Reflect.get(store, name);
        return typeof method === "function" ? method.bind(store) : method;
      },
    });
    const net = under(clock, switching, 1);
    const plans = [plan({ candidate: "c", limits: [limit({})], amounts: ONE })];
    await net.admit({ ...REST, requestId: "r", plans });
    current = 1;
    const beat = () => net.heartbeat({ tenantId: "t", requestId: "r", leaseMs: 15_000, note: "" });
    expect(await beat()).toBe("held");
    expect((await stores[1].peek([limit({})])).states[0]?.used).toBe(1);
    await stores[1].settle({ tenantId: "t", requestId: "r", actual: ONE });
    expect(await beat()).toBe("gone");
  });

  test("a process that was idle since says what its calls used before it takes them for dead", async () => {
    const { time, state, store, first, admit } = setUp(1);
    const limits = [limit({ dimension: "total_tokens" }, 1000)];
    state.is = "answers lost";
    await admit(first, limits, ONE, "r");
    await first.settle({ tenantId: "t", requestId: "r", actual: { ...ONE, total_tokens: 7 } });
    state.is = "there";
    time.at += 20_000;
    expect(await first.reap({ tenantIds: ["t"], leaseMs: 15_000 })).toEqual([]);
    expect(await store.running("t")).toEqual([]);
    expect(await store.settle({ tenantId: "t", requestId: "r", actual: ONE })).toBe("repeat");
  });

  test("nobody is taken for dead before it had a lease of time to say that it lives", async () => {
    const { time, state, first, admit } = setUp(1);
    await admit(first, [limit({})], ONE, "r");
    time.at += 20_000;
    state.is = "away";
    await expect(first.publish(1, ["t"])).rejects.toThrow(StoreUnavailable);
    state.is = "there";
    const reap = () => first.reap({ tenantIds: ["t"], leaseMs: 15_000 });
    expect(await reap()).toEqual([]);
    time.at += 15_000;
    expect((await reap()).map((orphan) => orphan.requestId)).toEqual(["r"]);
  });

  test.each([-HOUR_MS, HOUR_MS])("a clock that is set by %i ms meanwhile changes no wait", async (stepMs) => {
    vi.useFakeTimers({ toFake: ["Date"], now: START });
    onTestFinished(() => void vi.useRealTimers());
    const time = { at: START };
    const state: Parameters<typeof breakable>[1] = { is: "there" };
    const store = new MemoryAdmission({ now: () => time.at });
    const wall = { now: () => Date.now() };
    const net = under(wall, breakable(store, state), 1, { elapsed: () => time.at, openMs: 1000 });
    const pass = (ms: number) => {
      time.at += ms;
      vi.setSystemTime(Date.now() + ms);
    };
    const ask = (requestId: string) =>
      net.admit({ ...REST, requestId, plans: [plan({ candidate: "c", limits: [limit({})], amounts: ONE })] });
    await ask("r");
    pass(20_000);
    state.is = "away";
    // Connections are refused: five in a row are enough.
    for (let call = 0; call < 5; call++) await ask(`away${call}`);
    state.is = "there";
    vi.setSystemTime(Date.now() + stepMs);
    expect(await ask("too early")).toMatchObject({ isLocal: true });
    pass(1000);
    expect(await ask("in time")).not.toHaveProperty("isLocal");
    await caughtUp(net);
    const reap = () => net.reap({ tenantIds: ["t"], leaseMs: 15_000 });
    expect(await reap()).toEqual([]);
    pass(15_000);
    expect((await reap()).map((orphan) => orphan.requestId)).toContain("r");
  });
});

/** Any good answer sets the catching up off; it is over when a later one finds nothing left to tell. */
async function caughtUp(net: FallbackAdmission): Promise<void> {
  for (let turn = 0; turn < 50; turn++) {
    await net.publish(1, ["t"]);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

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
        if (name === "admit" && state.forgets) return async () => ({ kind: "stale" });
        if (name === "publish" && state.forgets)
          return async (_v: number, ids: string[], fill: WhenNew) => void (await fill(ids));
        const real: unknown = Reflect.get(target, name);
        return typeof real === "function" ? real.bind(target) : real;
      },
    });

  test("and cannot be filled is as good as away: shares and closed limits hold until it is", async () => {
    const clock = { now: () => START };
    const state = { forgets: true };
    const net = under(clock, forgetful(new MemoryAdmission(clock), state), 2);
    const lost = () => Promise.reject(new Error("the database is away"));
    await expect(net.publish(1, ["t"], lost)).rejects.toThrow("the database is away");
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
    // The ledger's sum already holds the budget's ended call. No ledger knows the bucket, so the store gets both calls.
    expect((await store.peek(limits)).states.map((one) => one.used)).toEqual([2000, 2]);
  });
});

describe("calls that somebody else has a hand in", () => {
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
});
